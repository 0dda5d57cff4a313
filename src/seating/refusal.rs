use std::fmt;

/// Why a rep's seat does not do what he asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownSeat,
    /// The break's reason is not in the settings' list.
    UnknownReason,
    NotWrappingUp,
    NoMoreExtensions,
    /// The call's note is still to be written.
    NoteOwed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownSeat => "there is no such seat",
            Self::UnknownReason => "the reason is not in the list",
            Self::NotWrappingUp => "the seat is not in a wrap-up",
            Self::NoMoreExtensions => "the wrap-up was extended as often as it may be",
            Self::NoteOwed => "the note of the call is not written",
        })
    }
}

impl std::error::Error for Refusal {}
