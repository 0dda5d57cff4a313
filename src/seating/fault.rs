use super::State;

/// What keeps a rep who takes calls from taking one; the gravest is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    NotRegistered,
    NoHeadset,
    DeadMicrophone,
    /// He did not answer, or did not speak (D6).
    Absent,
}

impl Fault {
    pub const ALL: [Self; 4] = [
        Self::NotRegistered,
        Self::NoHeadset,
        Self::DeadMicrophone,
        Self::Absent,
    ];

    /// What a headset can have; one of them at a time.
    pub const OF_DEVICE: [Self; 2] = [Self::NoHeadset, Self::DeadMicrophone];

    pub fn state(self) -> State {
        match self {
            Self::NotRegistered => State::NotRegistered,
            Self::NoHeadset => State::NoHeadset,
            Self::DeadMicrophone => State::DeadMicrophone,
            Self::Absent => State::Absent,
        }
    }
}
