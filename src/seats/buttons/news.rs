use crate::buttons::Press;

/// What the buttons have to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonNews {
    /// The buttons of this headset are listened to.
    Found {
        name: String,
    },
    /// No headset that is wished has buttons.
    Missing,
    /// The headset is unplugged, or its base.
    Gone {
        name: String,
    },
    /// The system does not let us at the headset's buttons: `config/70-thirdring-headset.rules` helps.
    Denied {
        name: String,
        /// The device that is shut.
        path: String,
    },
    /// The headset cannot be opened, or describes its buttons in a way nobody understands.
    Unfit {
        name: String,
        why: String,
    },
    Pressed(Press),
}
