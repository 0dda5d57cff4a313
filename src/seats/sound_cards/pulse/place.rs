//! Where the sound server listens, and the cookie it knows its user by (client.conf(5), pulseaudio(1)).

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::SoundServer;

/// Bytes of a server's cookie (PA_NATIVE_COOKIE_LENGTH); any other length is a fault of the protocol.
const COOKIE: usize = 256;

/// The sockets to try, in this order.
pub(super) fn sockets(server: &SoundServer) -> Vec<PathBuf> {
    match server {
        SoundServer::At(socket) => vec![socket.clone()],
        SoundServer::Usual => usual(&path, nix::unistd::Uid::effective().as_raw()),
    }
}

/// The first cookie there is, or zeros: a server for everybody does not look at it.
pub(super) fn cookie() -> Vec<u8> {
    let home = path("HOME");
    let at_home = |file: &str| home.as_ref().map(|home| Path::new(home).join(file));
    [
        path("PULSE_COOKIE").map(PathBuf::from),
        at_home(".config/pulse/cookie"),
        at_home(".pulse-cookie"),
    ]
    .into_iter()
    .flatten()
    .find_map(|path| read(&path))
    .unwrap_or_else(|| vec![0; COOKIE])
}

fn path(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|path| !path.is_empty())
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut cookie = vec![0; COOKIE];
    File::open(path).ok()?.read_exact(&mut cookie).ok()?;
    Some(cookie)
}

/// A server named by `PULSE_SERVER` is the only one.
fn usual(variable: &dyn Fn(&str) -> Option<String>, user: u32) -> Vec<PathBuf> {
    if let Some(named) = variable("PULSE_SERVER") {
        return named.split_whitespace().filter_map(unix_socket).collect();
    }
    let runtime = variable("PULSE_RUNTIME_PATH").map(|folder| Path::new(&folder).join("native"));
    let session = variable("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("pulse/native"));
    let user = PathBuf::from(format!("/run/user/{user}/pulse/native"));
    let system = PathBuf::from("/run/pulse/native");
    let mut all: Vec<PathBuf> = [runtime, session, Some(user), Some(system)]
        .into_iter()
        .flatten()
        .collect();
    all.dedup();
    all
}

/// `{machine}unix:/path`, `unix:/path` or `/path`. Sound by TCP has no latency for a call.
fn unix_socket(entry: &str) -> Option<PathBuf> {
    let address = match entry.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?.1,
        None => entry,
    };
    let path = address.strip_prefix("unix:").unwrap_or(address);
    path.starts_with('/').then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(set: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let sockets = usual(&variable, 1000);
        sockets
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn a_server_that_is_named_is_the_only_one() {
        let named = "{0a1b}unix:/a/native tcp:10.0.0.1:4713 unix:/b /c";
        assert_eq!(tried(&[("PULSE_SERVER", named)]), ["/a/native", "/b", "/c"]);
        assert_eq!(tried(&[("PULSE_SERVER", "tcp:10.0.0.1")]), [""; 0]);
    }

    #[test]
    fn the_session_is_looked_at_before_the_system() {
        let expected = [
            "/p/native",
            "/x/pulse/native",
            "/run/user/1000/pulse/native",
            "/run/pulse/native",
        ];
        let set = [("PULSE_RUNTIME_PATH", "/p"), ("XDG_RUNTIME_DIR", "/x")];
        assert_eq!(tried(&set), expected);
        assert_eq!(
            tried(&[("XDG_RUNTIME_DIR", "/run/user/1000")]),
            expected[2..]
        );
    }
}
