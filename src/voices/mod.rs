//! L2, shell. Whether a sound is a human voice, told by a neural network on a thread of its own (D31).
//!
//! [`Voices::ask`] hands a block over, [`Voices::answer`] takes what came of it; neither waits. Where the queue is full a
//! block is refused, and where no answer comes the line hears by level alone.
//!
//! Invariant: it knows legs by their keys only, and decides nothing.

mod detector;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

pub use detector::{Detector, DetectorError};

use crate::media::LegKey;
use crate::media::hearing::Block;

/// Blocks waiting: what 64 new calls ask in 0.5 s. The thread takes 10,000 a second, and is asked 3,200 at most.
const ASKED_MAX: usize = 1_024;

/// Answers waiting for the media thread, which takes them every 20 ms; those past it are dropped.
const ANSWERED_MAX: usize = 2_048;

/// The thread that tells human voices from all else.
///
/// Dropping it joins the thread.
#[derive(Debug)]
pub struct Voices {
    asked: Option<SyncSender<Asked>>,
    answered: Receiver<Likely>,
    thread: Option<JoinHandle<()>>,
}

/// How likely a block of this leg is a human voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likely {
    pub leg: LegKey,
    /// 0 to 1.
    pub voice: f32,
}

#[derive(Debug)]
struct Asked {
    leg: LegKey,
    /// None where the leg is closed.
    block: Option<Block>,
}

impl Voices {
    /// Reads the model and starts the thread.
    pub fn start() -> io::Result<Self> {
        let mut detector = Detector::new().map_err(io::Error::other)?;
        let (asked, inbox) = sync_channel(ASKED_MAX);
        let (outbox, answered) = sync_channel(ANSWERED_MAX);
        let thread = std::thread::Builder::new()
            .name("voices".to_owned())
            .spawn(move || {
                detector.at_home(move |detector| answer_all(detector, &inbox, &outbox))
            })?;
        Ok(Self {
            asked: Some(asked),
            answered,
            thread: Some(thread),
        })
    }

    /// Asks about a block of a leg; never waits. False where there is no room, or nobody who hears any more.
    pub fn ask(&self, leg: LegKey, block: Block) -> bool {
        self.send(Asked {
            leg,
            block: Some(block),
        })
    }

    /// What is remembered of a leg is forgotten.
    pub fn close(&self, leg: LegKey) {
        self.send(Asked { leg, block: None });
    }

    /// The next answer, if one is there.
    pub fn answer(&self) -> Option<Likely> {
        self.answered.try_recv().ok()
    }

    fn send(&self, asked: Asked) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|to| to.try_send(asked).is_ok())
    }
}

impl Drop for Voices {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Runs until nobody is there to ask.
fn answer_all(detector: &mut Detector, inbox: &Receiver<Asked>, outbox: &SyncSender<Likely>) {
    for Asked { leg, block } in inbox {
        let Some(block) = block else {
            detector.forget(leg);
            continue;
        };
        match detector.hear(leg, &block) {
            // An answer without room is one that nobody takes.
            Ok(voice) => drop(outbox.try_send(Likely { leg, voice })),
            Err(error) => {
                // The others' are not to blame.
                tracing::error!(%error, "tell voices from noise");
                detector.forget(leg);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::hearing::BLOCK_SAMPLES;

    #[test]
    fn what_is_asked_is_answered_by_leg_and_in_order() {
        let voices = Voices::start().unwrap();
        let silence = Block {
            samples: [0; BLOCK_SAMPLES],
            follows: false,
            begins: true,
        };
        for leg in 0..20 {
            assert!(voices.ask(LegKey::new(leg), silence));
        }
        let answers = (0..20).map(|_| voices.answered.recv().unwrap());
        for (leg, answer) in (0..).zip(answers) {
            assert_eq!(answer.leg, LegKey::new(leg));
            assert!(answer.voice < 0.2, "{answer:?}");
        }
        assert_eq!(voices.answer(), None);
    }
}
