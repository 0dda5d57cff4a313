use std::collections::BTreeMap;
use std::net::IpAddr;

/// What became of a request that must prove who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// The password was right.
    Proven,
    /// It proved nothing yet, and was asked to.
    Asked,
    /// The password with an old nonce: asked again.
    Stale,
    /// A wrong name or password.
    Wrong,
    /// Nothing was judged: its source has guessed too often.
    Barred,
}

/// How often, since the start.
#[derive(Clone, Debug, Default)]
pub struct Judgements {
    counts: BTreeMap<Judged, u64>,
    last_wrong: Option<IpAddr>,
}

impl Judged {
    /// The word in `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Asked => "asked",
            Self::Stale => "stale",
            Self::Wrong => "wrong",
            Self::Barred => "barred",
        }
    }
}

impl Judgements {
    pub fn iter(&self) -> impl Iterator<Item = (Judged, u64)> {
        self.counts.iter().map(|(judged, count)| (*judged, *count))
    }

    /// How many wrong names and passwords there were.
    pub fn wrong(&self) -> u64 {
        self.counts.get(&Judged::Wrong).copied().unwrap_or_default()
    }

    /// Where the last of them came from.
    pub fn last_wrong(&self) -> Option<IpAddr> {
        self.last_wrong
    }

    pub(super) fn count(&mut self, judged: Judged, source: IpAddr) {
        if judged == Judged::Wrong {
            self.last_wrong = Some(source);
        }
        let count = self.counts.entry(judged).or_default();
        *count = count.saturating_add(1);
    }
}
