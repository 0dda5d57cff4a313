use std::io;
use std::net::UdpSocket;

use super::Start;
use crate::media::headset::Leg;

/// The rep's end of a leg, on its way to the thread.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u32,
    pub(super) socket: UdpSocket,
    pub(super) leg: Leg,
    pub(super) start: Start,
}

impl Line {
    pub(super) fn new(number: u32, socket: UdpSocket, leg: Leg, start: Start) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            number,
            socket,
            leg,
            start,
        })
    }
}
