use crate::words::Sentence;

/// Why what a server gave, or did not give, does not count: the last good copy does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody answers, or not in HTTP.
    Unreachable { why: String },
    /// Who answers is not who is trusted.
    Untrusted { why: String },
    /// The answer was not there in time.
    Slow,
    /// An answer, but not the file.
    Status { file: String, status: u16 },
    /// More than is read.
    TooLarge { file: String },
    /// The signature is not the admin's.
    WrongSignature,
    /// Signed, and no index.
    NoIndex { line: Option<usize>, why: Sentence },
    /// A file is not what was signed.
    Changed { file: String },
    /// Of before what is in use, or another one of the same serial.
    Older { offered: u64, held: u64 },
    /// The settings that it makes have so many faults, `first` among them; all are told in English without anybody's
    /// number, for the log.
    Unfit {
        faults: usize,
        first: Sentence,
        told: String,
    },
    /// What was taken cannot be kept, or what was kept cannot be read.
    Disk { why: Sentence },
    /// The CA that is pinned cannot be read.
    Authority { why: Sentence },
}

macro_rules! words {
    ($($refusal:ident => $word:literal,)+) => {
        impl Refusal {
            /// What counts them.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            pub fn as_str(&self) -> &'static str {
                match self {
                    $(Self::$refusal { .. } => $word,)+
                }
            }
        }
    };
}

words! {
    Unreachable => "unreachable",
    Untrusted => "untrusted",
    Slow => "slow",
    Status => "status",
    TooLarge => "too-large",
    WrongSignature => "wrong-signature",
    NoIndex => "no-index",
    Changed => "changed",
    Older => "older",
    Unfit => "unfit",
    Disk => "disk",
    Authority => "authority",
}

impl Refusal {
    /// Whether nobody answered: that passes by itself, and wakes nobody.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Slow)
    }

    pub fn sentence(&self) -> Sentence {
        let of = |key: &str| Sentence::of(key);
        match self {
            Self::Unreachable { why } => of("provision.unreachable").with("why", why),
            Self::Untrusted { why } => of("provision.untrusted").with("why", why),
            Self::Slow => of("provision.slow"),
            Self::Status { file, status } => of("provision.status")
                .with("file", file)
                .with("status", status),
            Self::TooLarge { file } => of("provision.too-large").with("file", file),
            Self::WrongSignature => of("provision.wrong-signature"),
            Self::NoIndex { line: None, why } => of("provision.no-index").with("why", why),
            Self::NoIndex {
                line: Some(line),
                why,
            } => of("provision.no-index-line")
                .with("line", line)
                .with("why", why),
            Self::Changed { file } => of("provision.changed").with("file", file),
            Self::Older { offered, held } => of("provision.older")
                .with("offered", offered)
                .with("held", held),
            Self::Unfit { faults, first, .. } => of("provision.unfit")
                .with("count", faults)
                .with("first", first),
            Self::Disk { why } => of("provision.disk").with("why", why),
            Self::Authority { why } => of("provision.authority").with("why", why),
        }
    }
}
