use serde::{Deserialize, Serialize};

/// How a party's line sounds, both ways; the names are those of RFC 6035 4.6 where they fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VoiceQuality {
    /// Round trip delay.
    pub rtd_ms: Option<u32>,
    /// What we hear of the party.
    pub heard: Option<OneWayQuality>,
    /// What the party hears of us, as it reports.
    pub sent: Option<OneWayQuality>,
}

/// How one direction sounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneWayQuality {
    /// Conversational MOS, 1 to 4.5, estimated by the E-model (G.107).
    pub moscq: f32,
    /// The least of 5 s.
    pub moscq_worst: f32,
    /// Packets lost, or too late to be heard, per cent.
    pub nlr_percent: f32,
    /// Jitter between arrivals; of a whole call the most.
    pub iaj_ms: u32,
}
