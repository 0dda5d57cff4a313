/// What a PBX knows of an agent of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feature {
    /// Its queues pass him over.
    Pause,
    /// So does everybody who dials his extension.
    DoNotDisturb,
}

/// A feature code of the PBX by what it does; which keys it is, the settings know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    Pause,
    Resume,
    DndOn,
    DndOff,
}

impl Feature {
    pub(super) const ALL: [Self; 2] = [Self::Pause, Self::DoNotDisturb];

    pub(super) fn on(self) -> Code {
        match self {
            Self::Pause => Code::Pause,
            Self::DoNotDisturb => Code::DndOn,
        }
    }

    pub(super) fn off(self) -> Code {
        match self {
            Self::Pause => Code::Resume,
            Self::DoNotDisturb => Code::DndOff,
        }
    }
}

impl Code {
    pub const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::DndOn, Self::DndOff];

    /// Its key in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::DndOn => "dnd_on",
            Self::DndOff => "dnd_off",
        }
    }

    pub(super) fn turns_on(self) -> bool {
        self.feature().on() == self
    }

    pub(super) fn feature(self) -> Feature {
        match self {
            Self::Pause | Self::Resume => Feature::Pause,
            Self::DndOn | Self::DndOff => Feature::DoNotDisturb,
        }
    }
}
