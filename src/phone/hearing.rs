use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;

use super::diary::{DiaryPen, HeardPhrase};
use super::incoming::{Arrival, Part};
use crate::desk::run_after_others;
use crate::ear::{Ear, Heard, Repertoire};

/// A phrase is told at the latest a minute after its first packet came.
const ARRIVALS_MAX: usize = 3000;

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
    let arrival = arrivals.get(later.saturating_sub(1))?;
    let into_packet = heard.began_at_sample.saturating_sub(arrival.sample);
    let into_packet = u32::try_from(into_packet).unwrap_or(0);
    Some(HeardPhrase {
        ssrc: arrival.ssrc,
        rtp_timestamp: arrival.timestamp.wrapping_add(into_packet),
        at: arrival.at,
        heard,
    })
}
