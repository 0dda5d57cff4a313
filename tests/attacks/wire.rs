use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// Any answer takes less.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A stranger's socket, on another address of this machine than the phones of the tests.
pub(super) fn stranger() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.2:0").expect("all of 127/8 is loopback");
    socket
        .set_read_timeout(Some(ANSWER_WITHIN))
        .expect("it is a socket");
    socket
}

/// The answer to one request after which the connection is closed; empty when it is cut.
pub(super) fn http(api: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(api).expect("the agent listens");
    stream
        .set_read_timeout(Some(ANSWER_WITHIN))
        .expect("it is a socket");
    // Who is turned away may notice it at the write or at the read.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(super) fn health(api: SocketAddr) -> String {
    http(
        api,
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )
}

/// Whether `OPTIONS` is answered 200: the agent is awake.
pub(super) fn is_awake(socket: &UdpSocket, sip: SocketAddr, number: u32) -> bool {
    let own = socket.local_addr().expect("it is bound");
    let request = format!(
        "OPTIONS sip:agent@{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKprobe{number};rport\r\n\
         From: <sip:probe@{own}>;tag=p\r\nTo: <sip:agent@{sip}>\r\nCall-ID: probe-{number}\r\n\
         CSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    let asked = socket.send_to(request.as_bytes(), sip);
    asked.expect("the network is up");
    let wanted = format!("probe-{number}\r\n");
    let mut answer = [0; 2_048];
    // Refusals of what was sent before come first.
    while let Ok(length) = socket.recv(&mut answer) {
        let text = String::from_utf8_lossy(&answer[..length]);
        if text.starts_with("SIP/2.0 200") && text.contains(&wanted) {
            return true;
        }
    }
    false
}
