//! What the network says of datagrams that did not arrive.

use std::io;
use std::net::UdpSocket;

#[cfg(target_os = "linux")]
use nix::sys::socket::{setsockopt, sockopt};

/// Errors passed over before a socket is left for now: each was one datagram that found nobody.
const PASSED_MAX: usize = 64;

/// Asks for the ICMP errors of what a socket sends; they wait in its error queue (ip(7), `IP_RECVERR`).
#[cfg(target_os = "linux")]
pub(super) fn ask_for_errors(socket: &UdpSocket) -> io::Result<()> {
    if socket.local_addr()?.is_ipv4() {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
    }
    Ok(())
}

/// Windows tells them unasked ([`found_nobody`]), macOS only to a socket with a single peer.
#[cfg(not(target_os = "linux"))]
pub(super) fn ask_for_errors(_: &UdpSocket) -> io::Result<()> {
    Ok(())
}

/// Whether a read failed because something sent before found nobody: so Windows tells "port unreachable", and the socket
/// itself is sound.
pub fn found_nobody(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionReset
}

/// Reads past such errors.
pub(super) fn past_errors<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..PASSED_MAX {
        match read() {
            Err(error) if found_nobody(&error) => {}
            read => return read,
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_not_there_hides_nobody_who_is() {
        let told = |kind: io::ErrorKind| Err::<u8, _>(io::Error::from(kind));
        let mut reads = [told(io::ErrorKind::ConnectionReset), Ok(7)].into_iter();
        assert_eq!(past_errors(|| reads.next().unwrap()).unwrap(), 7);
        for (kind, comes_of) in [
            (io::ErrorKind::NetworkDown, io::ErrorKind::NetworkDown),
            (io::ErrorKind::ConnectionReset, io::ErrorKind::WouldBlock),
        ] {
            let error = past_errors(|| told(kind)).unwrap_err();
            assert_eq!(error.kind(), comes_of);
        }
    }
}
