use std::fmt;

/// How a seat stands, in one word: its call, else what the rep chose, else what keeps him from calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Ready for the next call.
    Available,
    /// Its phone rings.
    Ringing,
    InCall,
    /// The work after a call.
    WrapUp,
    /// Away for a reason of the settings' list.
    OnBreak,
    /// There, and not for calls.
    Busy,
    /// The shift is over.
    Offline,
    /// He did not answer, or did not speak (D6).
    Absent,
    /// Its phone registers here, and is not registered now.
    NotRegistered,
    NoHeadset,
    /// The headset is there, and its microphone gives nothing.
    DeadMicrophone,
}

impl State {
    pub const ALL: [Self; 11] = [
        Self::Available,
        Self::Ringing,
        Self::InCall,
        Self::WrapUp,
        Self::OnBreak,
        Self::Busy,
        Self::Offline,
        Self::Absent,
        Self::NotRegistered,
        Self::NoHeadset,
        Self::DeadMicrophone,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Ringing => "ringing",
            Self::InCall => "in-call",
            Self::WrapUp => "wrap-up",
            Self::OnBreak => "on-break",
            Self::Busy => "busy",
            Self::Offline => "offline",
            Self::Absent => "absent",
            Self::NotRegistered => "not-registered",
            Self::NoHeadset => "no-headset",
            Self::DeadMicrophone => "dead-microphone",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in State::ALL {
            assert_eq!(State::named(state.as_str()), Some(state));
        }
        assert_eq!(State::named("free"), None);
    }
}
