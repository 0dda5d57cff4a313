/// What a frame that was played out is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// What they sent.
    Sound,
    /// Made up in place of what was lost or is late.
    Concealed,
    /// Noise in place of what they did not send (RFC 3389).
    ComfortNoise,
    /// Silence: nothing is there to be played.
    Nothing,
}
