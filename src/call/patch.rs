use serde::Serialize;

use crate::policy::Bed;

/// Who hears whom: one line for each party.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Patch {
    pub caller: Hears,
    pub rep: Hears,
    pub target: Hears,
}

/// What one party hears. Phrases said to a party are always heard by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hears {
    pub caller: bool,
    pub rep: bool,
    pub target: bool,
    /// Also what we say to the caller.
    pub phrases: bool,
    /// Music where nobody is heard; else silence.
    pub music: bool,
    /// Telephone keys of those heard come along (D11).
    pub keys: bool,
}

const NOTHING: Hears = Hears {
    caller: false,
    rep: false,
    target: false,
    phrases: false,
    music: false,
    keys: false,
};

impl Patch {
    /// Caller and rep talk. A muted rep hears, and is not heard.
    pub(super) fn talking(muted: bool) -> Self {
        Self {
            caller: Hears {
                rep: !muted,
                keys: !muted,
                ..NOTHING
            },
            rep: Hears {
                caller: true,
                phrases: true,
                keys: true,
                ..NOTHING
            },
            target: NOTHING,
        }
    }

    /// The caller hears phrases and the bed, the rep hears nothing (D5).
    pub(super) fn held(bed: Bed) -> Self {
        Self {
            caller: bed_only(bed),
            rep: NOTHING,
            target: NOTHING,
        }
    }

    /// The rep hears the caller and our phrases, unheard (D5).
    pub(super) fn rep_listens() -> Self {
        Self {
            rep: Hears {
                caller: true,
                phrases: true,
                ..NOTHING
            },
            ..Self::default()
        }
    }

    /// Rep and target talk about the caller, who hears the bed (D20).
    pub(super) fn consulting(bed: Bed, muted: bool) -> Self {
        Self {
            caller: bed_only(bed),
            rep: Hears {
                target: true,
                keys: true,
                ..NOTHING
            },
            target: Hears {
                rep: !muted,
                keys: !muted,
                ..NOTHING
            },
        }
    }

    /// Caller and target are joined (D22).
    pub(super) fn bridged() -> Self {
        Self {
            caller: Hears {
                target: true,
                keys: true,
                ..NOTHING
            },
            rep: NOTHING,
            target: Hears {
                caller: true,
                keys: true,
                ..NOTHING
            },
        }
    }
}

fn bed_only(bed: Bed) -> Hears {
    Hears {
        music: bed == Bed::Music,
        ..NOTHING
    }
}
