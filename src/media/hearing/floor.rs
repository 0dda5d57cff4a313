use std::time::Duration;

/// A voice stands this far above the noise floor, dB.
pub(super) const ABOVE_FLOOR_DB: f32 = 9.0;

/// The first packets may already be speech, so the floor never starts above this, dBov.
const FIRST_FLOOR_MAX_DBOV: f32 = -40.0;

/// Below the quietest line that lives; digital silence before a call must not make its noise a voice, dBov.
const FLOOR_MIN_DBOV: f32 = -65.0;

/// The floor is the quietest packet of this second and the last: words have gaps, noise has none.
const FLOOR_WINDOW: Duration = Duration::from_secs(1);

/// The noise under what is heard.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Floor(Option<Quietest>);

/// The quietest packets, dBov.
#[derive(Clone, Copy, Debug)]
struct Quietest {
    this_window: f32,
    last_window: f32,
    length: Duration,
}

impl Floor {
    /// Hears one frame; returns the level of the noise under it, dBov.
    pub(super) fn hear(&mut self, dbov: f32, length: Duration) -> f32 {
        let quietest = self.0.get_or_insert_with(|| Quietest::starting_at(dbov));
        quietest.hear(dbov, length)
    }
}

impl Quietest {
    fn starting_at(dbov: f32) -> Self {
        let first = dbov.min(FIRST_FLOOR_MAX_DBOV);
        Self {
            this_window: first,
            last_window: first,
            length: Duration::ZERO,
        }
    }

    fn hear(&mut self, dbov: f32, length: Duration) -> f32 {
        self.length += length;
        if self.length > FLOOR_WINDOW {
            self.length = length;
            self.last_window = self.this_window;
            self.this_window = dbov;
        }
        self.this_window = self.this_window.min(dbov);
        self.this_window.min(self.last_window).max(FLOOR_MIN_DBOV)
    }
}
