//! The two halves of a headset while they are open, and how they are.

use crate::media::headset::Headset;
use crate::seats::sound_cards::{
    Capture, CardError, Flow, Pair, Playback, SoundCards, StreamEnd, StreamId, StreamNews,
};
use crate::words::Moment;

use super::Fault;

/// Samples moved in one go: 200 ms, what a stream's ring holds.
const CHUNK: usize = 9_600;

/// A headset whose devices are open.
#[derive(Debug)]
pub(super) struct Open {
    pair: Pair,
    capture: Capture,
    playback: Playback,
    microphone: Half,
    ear: Half,
    samples: Box<[f32]>,
}

/// How one half is.
#[derive(Clone, Copy, Debug, Default)]
struct Half {
    /// None until its first sample.
    flow: Option<Flow>,
    suspended: bool,
}

/// What came of news about a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Kept,
    /// The system did not open one of them.
    Refused,
    /// The streams are of no use any more.
    Lost,
}

impl Half {
    fn fault(self) -> Option<Fault> {
        match self.flow {
            _ if self.suspended => Some(Fault::Stalled),
            Some(Flow::Stalled) => Some(Fault::Stalled),
            Some(Flow::RunsAway) => Some(Fault::RunsAway),
            Some(Flow::Flows) | None => None,
        }
    }
}

impl Open {
    pub(super) fn new(
        cards: &SoundCards,
        pair: &Pair,
        wake: impl Fn() + Clone + Send + 'static,
    ) -> Result<Self, CardError> {
        Ok(Self {
            pair: pair.clone(),
            capture: cards.capture(&pair.microphone, wake.clone())?,
            playback: cards.playback(&pair.ear, wake)?,
            microphone: Half::default(),
            ear: Half::default(),
            samples: vec![0.0; CHUNK].into_boxed_slice(),
        })
    }

    /// Both halves move.
    pub(super) fn flows(&self) -> bool {
        [self.microphone, self.ear].map(|half| half.flow) == [Some(Flow::Flows); 2]
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.microphone.fault().or_else(|| self.ear.fault())
    }

    /// News of another stream change nothing.
    pub(super) fn hear(&mut self, stream: StreamId, what: &StreamNews) -> Came {
        let (half, card) = match stream {
            own if own == self.capture.stream() => (&mut self.microphone, &self.pair.microphone),
            own if own == self.playback.stream() => (&mut self.ear, &self.pair.ear),
            _ => return Came::Kept,
        };
        match what {
            StreamNews::Opened => {}
            StreamNews::Flow(flow) => half.flow = Some(*flow),
            StreamNews::Suspended(suspended) => half.suspended = *suspended,
            StreamNews::Moved(to) if to == card => {}
            StreamNews::Ended(StreamEnd::Refused(why)) => {
                tracing::warn!(%card, why, "open a sound device");
                return Came::Refused;
            }
            StreamNews::Moved(_) | StreamNews::Ended(_) => return Came::Lost,
        }
        Came::Kept
    }

    /// What was captured goes to the line, and what the device waits for comes from it.
    pub(super) fn pump(&mut self, line: &mut Headset, send: impl Fn(&[u8]), now: Moment) {
        loop {
            let read = self.capture.read(&mut self.samples);
            if read == 0 {
                break;
            }
            line.capture(&self.samples[..read], &send, now);
        }
        let wanted = self.playback.wanted().min(self.samples.len());
        if wanted > 0 {
            line.play(&mut self.samples[..wanted], now);
            self.playback.write(&self.samples[..wanted]);
        }
    }

    /// Takes what was captured for a look: whether there was any sound at all. The ear is silent.
    pub(super) fn look(&mut self) -> bool {
        let mut sounds = false;
        loop {
            let read = self.capture.read(&mut self.samples);
            if read == 0 {
                break;
            }
            sounds |= self.samples[..read].iter().any(|sample| *sample != 0.0);
        }
        let wanted = self.playback.wanted().min(self.samples.len());
        self.samples[..wanted].fill(0.0);
        self.playback.write(&self.samples[..wanted]);
        sounds
    }
}
