use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;

use super::diary::{DiaryPen, HeardPhrase};
use super::incoming::{Arrival, Part};
use crate::desk::run_after_others;
use crate::ear::{Ear, Heard, Repertoire};
use crate::media::lasting;
use crate::words::Moment;

/// A phrase is told at the latest a minute after its first packet came.
const ARRIVALS_MAX: usize = 3000;

/// In samples.
const SECOND: u64 = 8_000;

/// What the line tells the ear.
pub(super) enum Sound {
    Part(Part),
    /// The call is over.
    End,
}

/// Listens to one phone, off the threads that move its packets.
pub(super) async fn listen(
    repertoire: Arc<Repertoire>,
    mut sounds: Receiver<Sound>,
    diary: DiaryPen,
) {
    let mut ear = Ear::sharing(repertoire.clone());
    let mut arrivals = VecDeque::new();
    while let Some(sound) = sounds.recv().await {
        let over = matches!(sound, Sound::End);
        let samples = match sound {
            Sound::Part(part) => {
                arrivals.extend(part.arrivals);
                part.samples
            }
            Sound::End => Vec::new(),
        };
        let next = over.then(|| Ear::sharing(repertoire.clone()));
        let Ok((after, heard)) = spawn_blocking(move || hear(ear, &samples, next)).await else {
            return;
        };
        ear = after;
        note(&diary, &arrivals, heard);
        let stale = if over { 0 } else { ARRIVALS_MAX };
        arrivals.drain(..arrivals.len().saturating_sub(stale));
    }
}

/// The ear for what comes next, and what was heard.
fn hear(mut ear: Ear, samples: &[i16], next: Option<Ear>) -> (Ear, Vec<Heard>) {
    run_after_others();
    match next {
        None => {
            let heard = ear.listen(samples);
            (ear, heard)
        }
        Some(next) => (next, ear.finish()),
    }
}

fn note(diary: &DiaryPen, arrivals: &VecDeque<Arrival>, heard: Vec<Heard>) {
    for heard in heard {
        if let Some(phrase) = placed(arrivals, heard) {
            diary.send_modify(|diary| diary.note_heard(phrase));
        }
    }
}

/// Finds the packet a phrase began in.
fn placed(arrivals: &VecDeque<Arrival>, heard: Heard) -> Option<HeardPhrase> {
    let later = arrivals.partition_point(|arrival| arrival.sample <= heard.began_at_sample);
    let first = later.saturating_sub(1);
    let arrival = arrivals.get(first)?;
    let into_packet = heard.began_at_sample.saturating_sub(arrival.sample);
    let into_packet = u32::try_from(into_packet).unwrap_or(0);
    Some(HeardPhrase {
        ssrc: arrival.ssrc,
        rtp_timestamp: arrival.timestamp.wrapping_add(into_packet),
        at: due(arrivals.range(first..), heard.began_at_sample)?,
        heard,
    })
}

/// When a sample is heard behind a jitter buffer. The packets of the second after it came each so long after it as its place
/// says, or later: the earliest of them tells. A packet that was held up, by the network or by us, moves nothing; a sender
/// who falls behind for good does.
fn due<'a>(packets: impl Iterator<Item = &'a Arrival>, sample: u64) -> Option<Moment> {
    let mut packets = packets.peekable();
    let ssrc = packets.peek()?.ssrc;
    let of_its_second = packets.take_while(|it| it.ssrc == ssrc && it.sample < sample + SECOND);
    let dues = of_its_second.map(|it| {
        let (into, ahead) = (
            sample.saturating_sub(it.sample),
            it.sample.saturating_sub(sample),
        );
        let came = it.at.since(Moment::ZERO) + lasting(into);
        Moment::ZERO + came.saturating_sub(lasting(ahead))
    });
    dues.min()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::media::Codec;

    /// Packets of 20 ms that come at these milliseconds.
    fn arrivals(came: impl Iterator<Item = u64>) -> Vec<Arrival> {
        let arrival = |(n, at): (u64, u64)| Arrival {
            sample: n * 160,
            ssrc: 7,
            timestamp: 0,
            at: ms(at),
            codec: Codec::Pcma,
        };
        (0..).zip(came).map(arrival).collect()
    }

    fn ms(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_packet_that_is_held_up_moves_no_phrase() {
        let even = arrivals((0..100).map(|n| 1_000 + 20 * n));
        assert_eq!(due(even.iter(), 80), Some(ms(1_010)));
        assert_eq!(due(even[10..].iter(), 1_600), Some(ms(1_200)));
        // Nothing was read for 90 ms.
        let stalled = arrivals((0..100).map(|n| (1_000 + 20 * n).max(1_090)));
        assert_eq!(due(stalled.iter(), 0), Some(ms(1_000)));
    }

    #[test]
    fn a_sender_who_falls_behind_for_good_is_late() {
        let behind = arrivals((0..100).map(|n| 1_000 + 20 * n + if n < 10 { 0 } else { 60 }));
        assert_eq!(due(behind[10..].iter(), 1_600), Some(ms(1_260)));
        let mut other = behind.clone();
        other[11].ssrc = 8;
        other[11].at = ms(0);
        assert_eq!(due(other[10..].iter(), 1_600), Some(ms(1_260)));
    }
}
