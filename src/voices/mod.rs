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
use std::time::Duration;

pub use detector::{Detector, DetectorError};

use crate::media::LegKey;
use crate::media::hearing::Block;

/// Blocks waiting: what 64 new calls ask in 0.5 s. The thread takes 10,000 a second, and is asked 3,200 at most.
const ASKED_MAX: usize = 1_024;

/// Answers waiting for the media thread, which takes them every 20 ms; those past it are dropped.
const ANSWERED_MAX: usize = 2_048;

/// So long after the last block the model is put away: 3 MB, and the threads it runs on.
const KEEP_FOR: Duration = Duration::from_secs(600);

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
    /// Starts the thread, which reads the model when it is first asked.
    pub fn start() -> io::Result<Self> {
        Self::start_with(KEEP_FOR)
    }

    fn start_with(keep_for: Duration) -> io::Result<Self> {
        let (asked, inbox) = sync_channel(ASKED_MAX);
        let (outbox, answered) = sync_channel(ANSWERED_MAX);
        let mut answering = Answering {
            inbox,
            outbox,
            keep_for,
        };
        let thread = std::thread::Builder::new()
            .name("voices".to_owned())
            .spawn(move || answering.serve())?;
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

/// The thread's side.
struct Answering {
    inbox: Receiver<Asked>,
    outbox: SyncSender<Likely>,
    keep_for: Duration,
}

impl Answering {
    /// Runs until nobody is there to ask.
    fn serve(&mut self) {
        while let Ok(first) = self.inbox.recv() {
            if first.block.is_none() {
                continue; // no leg is remembered without a model
            }
            match Detector::new() {
                Ok(mut detector) => detector.at_home(|detector| self.answer(detector, first)),
                Err(error) => return tracing::error!(%error, "tell voices from noise"),
            }
        }
    }

    /// Answers until nothing was asked for a while.
    fn answer(&mut self, detector: &mut Detector, first: Asked) {
        let mut next = Ok(first);
        while let Ok(Asked { leg, block }) = next {
            match block {
                Some(block) => self.hear(detector, leg, &block),
                None => detector.forget(leg),
            }
            next = self.inbox.recv_timeout(self.keep_for);
        }
    }

    fn hear(&self, detector: &mut Detector, leg: LegKey, block: &Block) {
        match detector.hear(leg, block) {
            // An answer without room is one that nobody takes.
            Ok(voice) => drop(self.outbox.try_send(Likely { leg, voice })),
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

    const SILENCE: Block = Block {
        samples: [0; BLOCK_SAMPLES],
        follows: false,
        begins: true,
    };

    #[test]
    fn a_model_that_was_put_away_is_read_again() {
        let voices = Voices::start_with(Duration::ZERO).unwrap();
        for leg in 0..3 {
            voices.close(LegKey::new(leg));
            assert!(voices.ask(LegKey::new(leg), SILENCE));
            assert_eq!(voices.answered.recv().unwrap().leg, LegKey::new(leg));
        }
    }

    #[test]
    fn what_is_asked_is_answered_by_leg_and_in_order() {
        let voices = Voices::start().unwrap();
        for leg in 0..20 {
            assert!(voices.ask(LegKey::new(leg), SILENCE));
        }
        let answers = (0..20).map(|_| voices.answered.recv().unwrap());
        for (leg, answer) in (0..).zip(answers) {
            assert_eq!(answer.leg, LegKey::new(leg));
            assert!(answer.voice < 0.2, "{answer:?}");
        }
        assert_eq!(voices.answer(), None);
    }
}
