use std::collections::BTreeMap;

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
pub struct Judgements(BTreeMap<Judged, u64>);

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
        self.0.iter().map(|(judged, count)| (*judged, *count))
    }

    pub(super) fn count(&mut self, judged: Judged) {
        let count = self.0.entry(judged).or_default();
        *count = count.saturating_add(1);
    }
}
