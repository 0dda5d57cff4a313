//! A small web server for those who have none: the signed files, and enrolment.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
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
use tokio::time::timeout;

use super::super::Teller;
use super::super::arguments::ServeArguments;
use super::super::failure::Failure;
use super::of_file;
use crate::files;
use crate::net::{IdentityFiles, Tls, TlsSettings};
use crate::provision::{
    Codes, Digest, ENROL, Enrolment, FilePath, INDEX, Index, NoSecrets, Redeemed, SIGNATURE,
};
use crate::words::Sentence;

/// PCs at once; the next wait until one is gone.
const CONNECTIONS_MAX: usize = 256;

/// Of one connection, from its first byte to its last.
const CONNECTION_WITHIN: Duration = Duration::from_secs(120);

/// A code, a host, a user.
const ENROLMENT_MAX_BYTES: usize = 4 * 1024;

/// Who guesses codes has two a second, whoever else asks: in a year one of 10^21 of twelve letters.
const AFTER_A_WRONG_CODE: Duration = Duration::from_millis(500);

/// What all connections share.
struct Served {
    folder: PathBuf,
    /// One is redeemed at a time.
    codes: Option<Mutex<PathBuf>>,
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
    let tls = tls.map_err(|why| Failure::Provision(why.sentence()))?;
    if let Some(file) = &arguments.codes {
        read_codes(file)?;
    }
    let served = Arc::new(Served {
        folder: arguments.folder.clone(),
        codes: arguments.codes.clone().map(Mutex::new),
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
    let text = fs::read_to_string(file).map_err(|why| of_file(file, why))?;
    Codes::read(&text).map_err(Failure::Provision)
}

async fn accept(listener: TcpListener, tls: &Tls, served: &Arc<Served>) -> Result<(), Failure> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("nobody closes it");
        // Who is gone again, or no socket left for him: the next.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let (tls, served) = (tls.clone(), Arc::clone(served));
        tokio::spawn(async move {
            // What a PC did not get in time it asks for again.
            let _ = timeout(CONNECTION_WITHIN, talk(stream, &tls, served)).await;
            drop(place);
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
    let read = tokio::task::spawn_blocking(move || served.read(&path)).await;
    let Ok(Ok(bytes)) = read else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{}\"", Digest::of(&bytes));
    let etag = HeaderValue::from_str(&etag).expect("hexadecimal digits are a header");
    let is_known = asked.get(header::IF_NONE_MATCH) == Some(&etag);
    let headers = [(header::ETAG, etag)];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, bytes).into_response(),
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
    // Whoever waits for his wrong guess keeps all others waiting.
    let guess = served.guesses.lock().await;
    let answer = match redeem(codes, &asked) {
        Ok(Ok(enrolled)) => return (StatusCode::OK, axum::Json(enrolled.enrolled)).into_response(),
        Ok(Err(NoSecrets::NoCode)) => StatusCode::NOT_FOUND,
        Ok(Err(NoSecrets::AnotherPc)) => StatusCode::FORBIDDEN,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    #[expect(clippy::disallowed_methods, reason = "a guess is to take its time")]
    tokio::time::sleep(AFTER_A_WRONG_CODE).await;
    drop(guess);
    answer.into_response()
}

/// The code is out of the file, and that on the disk, before anybody is told its secrets.
fn redeem(
    codes: &Mutex<PathBuf>,
    asked: &Enrolment,
) -> Result<Result<Redeemed, NoSecrets>, Sentence> {
    let file = codes.lock().unwrap_or_else(PoisonError::into_inner);
    let unread = |why: io::Error| Sentence::of_io(&why);
    let text = fs::read_to_string(&*file).map_err(unread)?;
    let redeemed = match Codes::read(&text)?.redeem(asked) {
        Ok(redeemed) => redeemed,
        Err(why) => return Ok(Err(why)),
    };
    files::replace_private(&file, redeemed.rest.as_bytes()).map_err(unread)?;
    Ok(Ok(redeemed))
}

impl Served {
    /// The index, its signature, and what the index names: nothing else that lies in the folder.
    fn read(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        if ![INDEX, SIGNATURE].contains(&path.as_str()) {
            let index = fs::read(self.folder.join(INDEX))?;
            let index = Index::read(&index).map_err(|_| io::ErrorKind::InvalidData)?;
            if !index.sha256.contains_key(path) {
                return Err(io::ErrorKind::NotFound.into());
            }
        }
        fs::read(self.folder.join(path.as_str()))
    }
}
