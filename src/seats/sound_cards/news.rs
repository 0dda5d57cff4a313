use super::age::Flow;
use super::card::CardName;

/// A stream of ours, as news name it; a number is not used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(super) u32);

/// What happened to the sound devices, told from their thread within milliseconds. Whoever is told must not wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardNews {
    /// There is no sound server; all streams have ended. It is looked for until it is there.
    ServerGone,
    /// The sound server is there, and the list of devices is right.
    ServerBack,
    /// The list is another: plugged, unplugged, renamed, muted, louder, asleep, another default.
    Changed,
    Muted {
        card: CardName,
        muted: bool,
    },
    Stream {
        stream: StreamId,
        what: StreamNews,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamNews {
    /// The device took it: samples come soon.
    Opened,
    /// How samples move is another; `Flow::Flows` also after the first ones.
    Flow(Flow),
    /// The device was put to sleep, or woken.
    Suspended(bool),
    /// The server has moved it to this device.
    Moved(CardName),
    /// There is no stream any more, and what its owner holds is of no use.
    Ended(StreamEnd),
}

/// Why a stream ended that its owner had not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The device is gone: unplugged, or its owner took it away.
    Unplugged,
    ServerGone,
    /// The server did not open it, and said why.
    Refused(String),
}
