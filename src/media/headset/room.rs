use super::cleaning::Cleaning;
use super::echo_watch::EchoWatch;
use super::{EchoCancel, Noise, VoiceSpec};
use crate::media::codec::Rate;
use crate::media::hearing::EchoFound;
use crate::media::hearing::echo::STEPS;

/// What lies between the ear and the microphone: the echo of the one in the other, and noise.
#[derive(Debug)]
pub(super) struct Room {
    rate: Rate,
    noise: Noise,
    /// While it is to be found out whether there is an echo.
    watch: Option<EchoWatch>,
    /// None where there is nothing to take out: a headset that has no echo pays nothing for it.
    cleaning: Option<Cleaning>,
}

impl Room {
    pub(super) fn new(rate: Rate, spec: VoiceSpec) -> Self {
        let cancels = spec.echo_cancel == EchoCancel::On;
        let cleans = cancels || spec.noise != Noise::Off;
        Self {
            rate,
            noise: spec.noise,
            watch: (spec.echo_cancel == EchoCancel::Auto).then(EchoWatch::new),
            cleaning: cleans.then(|| Cleaning::new(rate, cancels, spec.noise)),
        }
    }

    /// Hears what the ear plays, 10 or 20 ms.
    pub(super) fn hear_played(&mut self, frame: &[i16]) {
        if let Some(watch) = &mut self.watch {
            watch.hear_played(frame, self.rate.frame_samples() / STEPS);
        }
        if let Some(cleaning) = &mut self.cleaning {
            cleaning.hear_played(frame);
        }
    }

    /// Cleans a frame of the microphone; the echo, where it was found with this frame.
    pub(super) fn clean(&mut self, frame: &mut [i16]) -> Option<EchoFound> {
        let found = self.watch.as_mut().and_then(|watch| watch.hear(frame));
        if found.is_some() {
            self.watch = None;
            self.cleaning = Some(Cleaning::new(self.rate, true, self.noise));
        }
        if let Some(cleaning) = &mut self.cleaning {
            cleaning.clean(frame);
        }
        found
    }
}
