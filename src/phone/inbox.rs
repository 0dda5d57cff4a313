use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::words::Moment;

/// The port that sound comes to. Each datagram has the moment at which the system received it: who reads late, because the
/// processors were busy, does not hear late.
pub(super) struct Inbox(UdpSocket);

impl Inbox {
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        system::ask_for_stamps(&socket)?;
        UdpSocket::from_std(socket).map(Self)
    }

    /// Cancel-safe.
    pub(super) async fn receive(
        &self,
        datagram: &mut [u8],
    ) -> io::Result<(usize, SocketAddr, Moment)> {
        system::receive(&self.0, datagram).await
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.0
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io::{self, IoSliceMut};
    use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
    };
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    use crate::desk::clock;
    use crate::words::Moment;

    /// Room for a stamp, and more than that.
    const CONTROL_BYTES: usize = 64;

    pub(super) fn ask_for_stamps(socket: &std::net::UdpSocket) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
    }

    pub(super) async fn receive(
        socket: &UdpSocket,
        datagram: &mut [u8],
    ) -> io::Result<(usize, SocketAddr, Moment)> {
        let read = || read(socket, datagram);
        socket.async_io(Interest::READABLE, read).await
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "non-exhaustive, and of 20 kinds one is the stamp"
    )]
    fn read(socket: &UdpSocket, datagram: &mut [u8]) -> io::Result<(usize, SocketAddr, Moment)> {
        let mut control = [0; CONTROL_BYTES];
        let mut parts = [IoSliceMut::new(datagram)];
        let message = recvmsg::<SockaddrStorage>(
            socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let stamp = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
            // What else a kernel may attach says nothing of the time.
            _ => None,
        });
        let from = message.address.as_ref().and_then(address);
        let from = from.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok((
            message.bytes,
            from,
            stamp.map_or_else(clock::now, clock::stamped),
        ))
    }

    fn address(from: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = from
            .as_sockaddr_in()
            .map(|it| SocketAddrV4::from(*it).into());
        v4.or_else(|| {
            from.as_sockaddr_in6()
                .map(|it| SocketAddrV6::from(*it).into())
        })
    }
}

/// Where a socket keeps no stamps, the moment is that of reading.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::net::SocketAddr;

    use tokio::net::UdpSocket;

    use crate::desk::clock;
    use crate::words::Moment;

    pub(super) fn ask_for_stamps(_: &std::net::UdpSocket) -> io::Result<()> {
        Ok(())
    }

    pub(super) async fn receive(
        socket: &UdpSocket,
        datagram: &mut [u8],
    ) -> io::Result<(usize, SocketAddr, Moment)> {
        let (length, from) = socket.recv_from(datagram).await?;
        Ok((length, from, clock::now()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::desk::clock;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_reads_late_does_not_date_late() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let inbox = Inbox::new(socket).unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = inbox.socket().local_addr().unwrap();
        // Work that takes a while.
        let work = |since: Moment| {
            while clock::now().since(since) < Duration::from_millis(50) {
                std::hint::spin_loop();
            }
        };
        // The kernel begins to stamp a moment after it was asked; until then it stamps when it is read.
        sender.send_to(b"first", to).unwrap();
        work(clock::now());
        inbox.receive(&mut [0; 16]).await.unwrap();
        let before = clock::now();
        sender.send_to(b"x", to).unwrap();
        let sent = clock::now();
        work(sent);
        let (length, from, at) = inbox.receive(&mut [0; 16]).await.unwrap();
        assert_eq!((length, from), (1, sender.local_addr().unwrap()));
        let margin = Duration::from_millis(5);
        assert!(
            at + margin >= before && at <= sent + margin,
            "{at:?} {sent:?}"
        );
    }
}
