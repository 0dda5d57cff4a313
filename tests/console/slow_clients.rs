use std::net::SocketAddr;
use std::time::Duration;

use thirdring::console::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fake_desk::{CALL, House, Plan};

fn hasty(limits: Limits) -> Plan {
    Plan {
        limits,
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_cut() {
    let headers = Duration::from_millis(50);
    let house = House::open(hasty(Limits {
        headers,
        ..Limits::default()
    }))
    .await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: loc"] {
        let cut = house.send(begun).await;
        assert!(!cut.0.contains("200 OK"), "{cut:?}");
    }
}

#[tokio::test]
async fn a_client_that_never_ends_its_body_is_told_and_cut() {
    let body = Duration::from_millis(50);
    let house = House::open(hasty(Limits {
        body,
        ..Limits::default()
    }))
    .await;
    let told = house
        .send(&format!(
            "POST /api/v1/calls/{CALL}/hold HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer s3cret\r\ncontent-length: 10\r\n\r\n{{"
        ))
        .await;
    assert_eq!(told.code().as_deref(), Some("body-too-slow"));
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let house = House::open(hasty(Limits {
        connections_per_address: 2,
        ..Limits::default()
    }))
    .await;
    let mut kept = Vec::new();
    for _ in 0..2 {
        let (stream, answered) = greeted(house.address).await;
        assert!(answered);
        kept.push(stream);
    }
    let (_third, answered) = greeted(house.address).await;
    assert!(!answered, "turned away");
}

/// Asks without closing; was there an answer?
async fn greeted(address: SocketAddr) -> (TcpStream, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // Who is turned away may notice it here or at the read.
    let _ = stream.write_all(ask.as_bytes()).await;
    let answered = stream.read_u8().await.is_ok();
    (stream, answered)
}
