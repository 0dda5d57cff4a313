//! A small web server for those who have none: the signed files, and enrolment.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::super::Teller;
use super::super::arguments::ServeArguments;
use super::super::failure::{Failure, unusable};
use super::signed_files::{SignedFile, SignedFiles};
use crate::console::Room;
use crate::files;
use crate::net::{IdentityFiles, Tls, TlsSettings};
use crate::provision::{Codes, ENROL, Enrolment, FilePath, NoSecrets, Redeemed};
use crate::words::Sentence;

/// PCs at once; the next wait until one is gone.
const CONNECTIONS_MAX: usize = 256;

/// Of one address, be it an office's with all its PCs: who comes then is turned away, and asks again by and by.
const CONNECTIONS_PER_ADDRESS: usize = 64;

/// How long nobody is let in after the system had no socket left for us.
const REST_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Of one connection, from its first byte to its last.
const CONNECTION_WITHIN: Duration = Duration::from_secs(120);

/// A code, a host, a user.
const ENROLMENT_MAX_BYTES: usize = 4 * 1024;

/// Who guesses codes has two a second, whoever else asks: 6.3e7 in a year, and of twelve random letters there are 26^12,
/// 9.5e16. He finds a code that is good for a year by a chance of one in 1.5e9.
const AFTER_A_WRONG_CODE: Duration = Duration::from_millis(500);

/// A PC waits 20 s for its secrets: who has not had his turn by then is gone, and his code must not be spent on nobody.
const QUEUE_WITHIN: Duration = Duration::from_secs(10);

/// What all connections share.
struct Served {
    files: SignedFiles,
    codes: Option<PathBuf>,
    /// Held by who waits after a wrong code.
    guesses: tokio::sync::Mutex<()>,
}

/// Until it is ended.
pub(super) fn serve(arguments: &ServeArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let tls = Tls::open(&TlsSettings {
        identity: Some(IdentityFiles {
            certificate: arguments.certificate.clone(),
            key: arguments.key.clone(),
        }),
        ..TlsSettings::default()
    });
    let tls = tls.map_err(|why| Failure::Told(why.sentence()))?;
    if let Some(file) = &arguments.codes {
        read_codes(file)?;
    }
    let served = Arc::new(Served {
        files: SignedFiles::of(arguments.folder.clone()),
        codes: arguments.codes.clone(),
        guesses: tokio::sync::Mutex::default(),
    });
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Failure::not_started(&why))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await;
        let listener = listener.map_err(|why| Failure::not_started(&why))?;
        let at = listener.local_addr();
        let at = at.map_err(|why| Failure::not_started(&why))?;
        let told = teller.filled("cli.provision.serves", &[("url", &format!("https://{at}"))]);
        teller.line(&told)?;
        teller.out.flush().map_err(Failure::Output)?;
        accept(listener, &tls, &served).await
    })
}

/// What is wrong with the codes is told before the first PC asks.
fn read_codes(file: &PathBuf) -> Result<Codes, Failure> {
    let text = fs::read_to_string(file).map_err(|why| unusable(file, why))?;
    Codes::read(&text).map_err(Failure::Told)
}

async fn accept(listener: TcpListener, tls: &Tls, served: &Arc<Served>) -> Result<(), Failure> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let room = Room::new(CONNECTIONS_PER_ADDRESS, CONNECTIONS_MAX);
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("nobody closes it");
        let Ok((stream, peer)) = listener.accept().await else {
            #[expect(clippy::disallowed_methods, reason = "nobody tells of a free socket")]
            tokio::time::sleep(REST_AFTER_ERROR).await;
            continue;
        };
        let Some(of_address) = room.enter(peer.ip()) else {
            continue;
        };
        let (tls, served) = (tls.clone(), Arc::clone(served));
        tokio::spawn(async move {
            // What a PC did not get in time it asks for again.
            let _ = timeout(CONNECTION_WITHIN, talk(stream, &tls, served)).await;
            drop((place, of_address));
        });
    }
}

async fn talk(stream: TcpStream, tls: &Tls, served: Arc<Served>) {
    let acceptor = tls.acceptor().expect("a certificate was read");
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let answer = service_fn(move |request| answer(Arc::clone(&served), request));
    // Its end is the PC's affair.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(
    served: Arc<Served>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let answer = match *request.method() {
        Method::GET | Method::HEAD => file(served, &path, request.headers().clone()).await,
        Method::POST if path == ENROL => enrol(&served, request).await,
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    Ok(answer)
}

async fn file(served: Arc<Served>, path: &str, asked: HeaderMap) -> Response<Body> {
    let Ok(path) = unescaped(path).parse::<FilePath>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let opened = spawn_blocking(move || served.files.open(&path)).await;
    let Ok(Ok(SignedFile { digest, pieces })) = opened else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{digest}\"");
    let etag = HeaderValue::from_str(&etag).expect("hexadecimal digits are a header");
    let is_known = asked.get(header::IF_NONE_MATCH) == Some(&etag);
    let bytes = HeaderValue::from_static("application/octet-stream");
    let headers = [(header::ETAG, etag), (header::CONTENT_TYPE, bytes)];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, Body::new(pieces)).into_response(),
    }
}

/// RFC 3986 2.1; what is escaped wrongly names no file.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let digits: Vec<u8> = match byte {
            b'%' => rest.by_ref().take(2).collect(),
            other => {
                bytes.push(other);
                continue;
            }
        };
        let digits = String::from_utf8(digits).unwrap_or_default();
        bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'%'));
    }
    String::from_utf8(bytes).unwrap_or_default()
}

async fn enrol(served: &Served, request: Request<Incoming>) -> Response<Body> {
    let Some(codes) = &served.codes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = to_bytes(Body::new(request.into_body()), ENROLMENT_MAX_BYTES).await;
    let asked = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    let Some(asked) = asked else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    in_turn(&served.guesses, codes, asked).await
}

/// Whoever waits for his wrong guess keeps all others waiting.
async fn in_turn(
    guesses: &tokio::sync::Mutex<()>,
    codes: &Path,
    asked: Enrolment,
) -> Response<Body> {
    let Ok(guess) = timeout(QUEUE_WITHIN, guesses.lock()).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let file = codes.to_owned();
    let redeemed = spawn_blocking(move || redeem(&file, &asked)).await;
    let answer = match redeemed {
        Ok(Ok(Ok(redeemed))) => {
            return (StatusCode::OK, axum::Json(redeemed.enrolled)).into_response();
        }
        Ok(Ok(Err(NoSecrets::NoCode))) => StatusCode::NOT_FOUND,
        Ok(Ok(Err(NoSecrets::AnotherPc))) => StatusCode::FORBIDDEN,
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    #[expect(clippy::disallowed_methods, reason = "a guess is to take its time")]
    tokio::time::sleep(AFTER_A_WRONG_CODE).await;
    drop(guess);
    answer.into_response()
}

/// The code is out of the file, and that on the disk, before anybody is told its secrets. Nobody else redeems meanwhile, be
/// it another server.
fn redeem(file: &Path, asked: &Enrolment) -> Result<Result<Redeemed, NoSecrets>, Sentence> {
    let unread = |why: io::Error| Sentence::of_io(&why);
    let _lock = files::lock(file).map_err(unread)?;
    let text = fs::read_to_string(file).map_err(unread)?;
    let redeemed = match Codes::read(&text)?.redeem(asked) {
        Ok(redeemed) => redeemed,
        Err(why) => return Ok(Err(why)),
    };
    files::replace_private(file, redeemed.rest.as_bytes()).map_err(unread)?;
    Ok(Ok(redeemed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Pii;

    const CODE: &str = "Qk3v-bT9x-mm2L";

    fn asked() -> Enrolment {
        Enrolment {
            code: Pii::new(CODE.to_owned()),
            host: "pc-1".to_owned(),
            user: "rep".to_owned(),
        }
    }

    fn folder(test: &str) -> PathBuf {
        let name = format!("thirdring-codes-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        files::make_folder(&folder).unwrap();
        folder
    }

    fn text() -> String {
        format!("[[code]]\ncode = \"{CODE}\"\nsecrets = {{ a = \"sesame\" }}\n")
    }

    #[test]
    fn two_servers_of_one_file_do_not_both_give_a_code() {
        let (folder, codes) = (folder("two"), folder("two").join("codes.toml"));
        let mut given = Vec::new();
        for _ in 0..20 {
            fs::write(&codes, text()).unwrap();
            let redeemed = std::thread::scope(|scope| {
                let server = || redeem(&codes, &asked()).unwrap().is_ok();
                let servers: Vec<_> = (0..4).map(|_| scope.spawn(server)).collect();
                let told = servers.into_iter().map(|it| it.join().unwrap());
                told.filter(|is_redeemed| *is_redeemed).count()
            });
            given.push(redeemed);
        }
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(given, [1; 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_not_spent_on_a_pc_that_no_longer_waits() {
        let (folder, codes) = (folder("late"), folder("late").join("codes.toml"));
        let text = text();
        fs::write(&codes, &text).unwrap();
        let guesses = tokio::sync::Mutex::new(());
        let others = guesses.lock().await;
        let in_vain = in_turn(&guesses, &codes, asked()).await.status();
        let left = fs::read_to_string(&codes).unwrap();
        drop(others);
        let in_time = in_turn(&guesses, &codes, asked()).await.status();
        let spent = in_turn(&guesses, &codes, asked()).await.status();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(in_vain, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(left, text);
        assert_eq!((in_time, spent), (StatusCode::OK, StatusCode::NOT_FOUND));
    }
}
