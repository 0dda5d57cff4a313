use std::time::Duration;

/// Whether a line is watched, and after how long something is a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Watch {
    #[default]
    Off,
    On(Limits),
}

/// After how long something is a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// No packet at all since the watch began.
    pub no_media: Duration,
    /// No further packet: a warning.
    pub late: Duration,
    /// No further packet.
    pub stopped: Duration,
    /// Digital silence.
    pub silence: Duration,
    /// Packets, and no human voice yet.
    pub silent_caller: Duration,
    /// Loud, and no voice.
    pub music: Duration,
    pub levels: Levels,
}

/// From which level on something is a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Active speech level below it, dBov.
    pub too_quiet_dbov: f32,
    /// Active speech level above it, dBov.
    pub too_loud_dbov: f32,
    /// More of the samples of speech at the rails, 0 to 1.
    pub clipped_share: f32,
    /// Noise between the words above it, dBov.
    pub noise_dbov: f32,
    /// Speech less above the noise, dB.
    pub snr_db: f32,
    /// A tone of 50, 100 or 150 Hz above it, dBov.
    pub hum_dbov: f32,
    /// Music and tones are at least as loud, dBov.
    pub music_dbov: f32,
    /// Our own signal comes back weaker by less, dB.
    pub return_loss_db: f32,
}

impl Default for Limits {
    /// The line doctor's times.
    fn default() -> Self {
        Self {
            no_media: Duration::from_secs(2),
            late: Duration::from_millis(1_500),
            stopped: Duration::from_secs(3),
            silence: Duration::from_secs(3),
            silent_caller: Duration::from_secs(5),
            music: Duration::from_secs(3),
            levels: Levels::default(),
        }
    }
}

impl Default for Levels {
    /// The line doctor's levels.
    fn default() -> Self {
        Self {
            too_quiet_dbov: -42.0,
            too_loud_dbov: -12.0,
            clipped_share: 0.005,
            noise_dbov: -40.0,
            snr_db: 10.0,
            hum_dbov: -45.0,
            music_dbov: -45.0,
            return_loss_db: 30.0,
        }
    }
}
