//! Packets of a stranger, put before what plays them. Nothing here knows tests or files: `fuzz/` uses it as it is.

use std::time::Duration;

use thirdring::media::{Codec, Content, Playout, RtpHeader};
use thirdring::words::Moment;

const FRAME_MAX: usize = 320;

/// The first byte chooses the codec. Then a program of the first byte's kind for each piece of what follows: sound, a noise, frames that are played, time.
/// Whatever comes, each frame is filled, sound waits no longer than it may, and everything is counted.
pub(crate) fn playout(bytes: &[u8]) {
    let Some((codec, bytes)) = bytes.split_first() else {
        return;
    };
    let codec = Codec::ALL[usize::from(*codec) % Codec::ALL.len()];
    let mut playout = Playout::new(codec);
    let length = codec.rate().frame_samples();
    let mut now = Moment::ZERO + Duration::from_secs(1);
    let mut pushed = 0;
    let mut rest = bytes;
    while let [kind, size, after @ ..] = rest {
        let (piece, more) = after.split_at(usize::from(*size).min(after.len()));
        rest = more;
        match kind & 3 {
            0 | 1 => {
                let (header, payload) = packet(piece);
                let content = match kind & 3 {
                    0 => Content::Sound(payload),
                    _ => Content::ComfortNoise(payload),
                };
                playout.push(&header, content, now);
                pushed += 1;
            }
            2 => play(&mut playout, length, kind >> 2, &mut now),
            _ => now += Duration::from_millis(u64::from(*size) << (kind >> 4)),
        }
    }
    play(&mut playout, length, 50, &mut now);
    let counts = playout.counts();
    assert!(counts.late + counts.duplicate + counts.discarded <= pushed);
}

fn play(playout: &mut Playout, length: usize, frames: u8, now: &mut Moment) {
    for _ in 0..frames {
        let mut room = [i16::MIN; FRAME_MAX];
        let first = &mut room[..length];
        playout.pop(first, *now);
        assert!(first.iter().any(|sample| *sample != i16::MIN));
        assert!(playout.target() <= Duration::from_millis(200));
        *now += Duration::from_millis(20);
    }
}

/// A header with numbers that jump as the piece says, and what is left of the piece.
fn packet(piece: &[u8]) -> (RtpHeader, &[u8]) {
    let number = |at: usize| piece.get(at).copied().unwrap_or_default();
    let header = RtpHeader {
        payload_type: 0,
        marker: number(0) & 1 != 0,
        sequence: u16::from_be_bytes([number(1), number(2)]),
        timestamp: u32::from_be_bytes([number(3), number(4), number(5), number(6)]),
        ssrc: u32::from(number(0) >> 6),
    };
    (header, piece.get(7..).unwrap_or_default())
}
