use super::State;

/// What a rep says of himself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// He takes calls.
    #[default]
    Available,
    /// He is there and takes none.
    Busy,
    /// He is away for a while; the reason is of the settings' list (R53).
    OnBreak { reason: String },
    /// His shift is over.
    Offline,
}

impl Choice {
    /// By the words of the API; only a break has a reason.
    pub fn named(state: State, reason: Option<String>) -> Option<Self> {
        match (state, reason) {
            (State::Available, None) => Some(Self::Available),
            (State::Busy, None) => Some(Self::Busy),
            (State::Offline, None) => Some(Self::Offline),
            (State::OnBreak, Some(reason)) => Some(Self::OnBreak { reason }),
            (
                State::Available
                | State::Busy
                | State::Offline
                | State::OnBreak
                | State::Ringing
                | State::InCall
                | State::WrapUp
                | State::Absent
                | State::NotRegistered
                | State::NoHeadset
                | State::DeadMicrophone,
                _,
            ) => None,
        }
    }

    pub fn state(&self) -> State {
        match self {
            Self::Available => State::Available,
            Self::Busy => State::Busy,
            Self::OnBreak { .. } => State::OnBreak,
            Self::Offline => State::Offline,
        }
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::OnBreak { reason } => Some(reason),
            Self::Available | Self::Busy | Self::Offline => None,
        }
    }
}
