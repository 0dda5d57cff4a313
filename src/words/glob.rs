use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

use super::{Sentence, read_from_text};

/// A device's name with wild cards: `*` is anything, `?` one letter, `[ab]` one of these, `{a,b}` either. Upper and lower
/// case are one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    read: globset::Glob,
    /// Made when a name is first held against it: an agent without a headset needs none.
    matcher: OnceLock<GlobMatcher>,
}

/// No device is named so long; and what is as short can always be compiled.
const BYTES_MAX: usize = 256;

impl Glob {
    pub fn as_str(&self) -> &str {
        self.read.glob()
    }

    pub fn fits(&self, name: &str) -> bool {
        let matcher = self.matcher.get_or_init(|| self.read.compile_matcher());
        matcher.is_match(name)
    }
}

impl FromStr for Glob {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let wrong = |why: &dyn fmt::Display| {
            Sentence::of("value.glob")
                .with("found", text)
                .with("why", why)
        };
        if text.is_empty() {
            return Err(wrong(&"\"\""));
        }
        if text.len() > BYTES_MAX {
            return Err(wrong(
                &Sentence::of("value.glob.too-long").with("most", BYTES_MAX),
            ));
        }
        let read = GlobBuilder::new(text).case_insensitive(true).build();
        let read = read.map_err(|error| wrong(error.kind()))?;
        Ok(Self {
            read,
            matcher: OnceLock::new(),
        })
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

read_from_text!(Glob);

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(glob: &str, name: &str) -> bool {
        glob.parse::<Glob>().unwrap().fits(name)
    }

    #[test]
    fn a_name_is_matched_whole_and_without_regard_to_case() {
        assert!(fits("jabra*", "Jabra Evolve2 65"));
        assert!(fits("*JABRA*", "alsa_input.usb-jabra"));
        assert!(fits("{Poly,EPOS} ?[TX]*", "epos bt700"));
        assert!(!fits("Jabra", "Jabra Evolve2 65"));
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for text in ["", "[Poly", &"a".repeat(BYTES_MAX + 1)] {
            let refusal = text.parse::<Glob>().unwrap_err();
            assert_eq!(refusal.key(), "value.glob", "{text}");
        }
    }

    #[test]
    fn whatever_is_read_can_be_compiled() {
        for piece in ["?", "[!a-z]", "{a,b}", "{é,ü}"] {
            let text = piece.repeat(BYTES_MAX / piece.len());
            assert!(!fits(&text, "Jabra"), "{text}");
        }
        for opening in ["{", "{,", "{a,", "{,a", "{*,?"] {
            let depth = BYTES_MAX / (opening.len() + 1);
            let text = opening.repeat(depth) + &"}".repeat(depth);
            // As deep as that some are no globs.
            let _ = text.parse::<Glob>().map(|glob| glob.fits("Jabra"));
        }
    }
}
