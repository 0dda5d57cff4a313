use std::io;

use tokio::net::UdpSocket;

use super::News;
use super::open::Open;
use super::rtp::Line;
use crate::media::headset::{self, HeadsetSpec, Signal};
use crate::words::{Entropy, Moment};

/// A leg of ours, and the sound in it.
pub(super) struct Live {
    number: u32,
    socket: UdpSocket,
    sound: headset::Headset,
    /// The microphone gives digital zero just now.
    dead: bool,
}

impl Live {
    pub(super) fn new(line: Line, spec: &HeadsetSpec, entropy: &mut Entropy) -> io::Result<Self> {
        Ok(Self {
            number: line.number,
            socket: UdpSocket::from_std(line.socket)?,
            sound: headset::Headset::new(spec, entropy),
            dead: false,
        })
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(super) fn gives_zero(&self) -> bool {
        self.dead
    }

    pub(super) fn receive(&mut self, datagram: &[u8], now: Moment) {
        self.sound.receive(datagram, now);
    }

    pub(super) fn start(&mut self, signal: Signal) {
        self.sound.start(signal);
    }

    pub(super) fn stop(&mut self, signal: Signal) {
        self.sound.stop(signal);
    }

    pub(super) fn mute(&mut self, on: bool) {
        self.sound.set_muted(on);
    }

    /// Moves samples between the open devices and the leg.
    pub(super) fn pump(&mut self, open: &mut Open, now: Moment) {
        let Self { socket, sound, .. } = self;
        // A packet the system does not take is lost, as on any network.
        open.pump(sound, |packet| drop(socket.try_send(packet)), now);
    }

    /// What the desk should know of the sound.
    pub(super) fn poll_news(&mut self) -> Option<News> {
        while let Some(news) = self.sound.poll_news() {
            match news {
                headset::News::TalkingWhileMuted => return Some(News::TalkingWhileMuted),
                headset::News::EchoHeard(_) => return Some(News::EchoHeard),
                headset::News::MicrophoneDead => {
                    self.dead = true;
                    return Some(News::MicrophoneSilent);
                }
                headset::News::MicrophoneAlive => self.dead = false,
                headset::News::Level(_) => {}
            }
        }
        None
    }
}
