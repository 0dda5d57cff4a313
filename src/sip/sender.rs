use super::Hop;

/// How who sent a message stands with us: whoever owns the sockets knows, and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A line of ours, or a phone that has registered.
    Known,
    /// Nobody: heard inside a dialog only, where the tags speak for him.
    Stranger,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub hop: Hop,
    pub standing: Standing,
    /// Answered and called back where it sends from, whatever Via, Contact and routes say: it does not
    /// know its own address (behind NAT).
    pub symmetric: bool,
}

impl<T: Into<Hop>> From<T> for Sender {
    /// An endpoint that is told nothing else takes everybody's calls.
    fn from(hop: T) -> Self {
        Self {
            hop: hop.into(),
            standing: Standing::Known,
            symmetric: false,
        }
    }
}
