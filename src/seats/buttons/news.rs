use crate::buttons::Press;
use crate::words::Sentence;

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

impl ButtonNews {
    /// What the rep and the admin read of it; a press speaks for itself.
    pub fn sentence(&self) -> Option<Sentence> {
        let sentence = match self {
            Self::Found { name } => Sentence::of("buttons.found").with("device", name),
            Self::Missing => Sentence::of("buttons.missing"),
            Self::Gone { name } => Sentence::of("buttons.gone").with("device", name),
            Self::Denied { name, path } => Sentence::of("buttons.denied")
                .with("device", name)
                .with("path", path),
            Self::Unfit { name, why } => Sentence::of("buttons.unfit")
                .with("device", name)
                .with("why", why),
            Self::Pressed(_) => return None,
        };
        Some(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Catalogue, Language};

    #[test]
    fn who_is_shut_out_reads_which_rule_helps_in_both_languages() {
        let denied = ButtonNews::Denied {
            name: "Jabra Link 380".to_owned(),
            path: "/dev/hidraw3".to_owned(),
        };
        for language in [Language::ZhCn, Language::En] {
            let read = Catalogue::shipped().say(&denied.sentence().unwrap(), language);
            for word in [
                "70-thirdring-headset.rules",
                "/dev/hidraw3",
                "Jabra Link 380",
            ] {
                assert!(read.contains(word), "{read}");
            }
        }
    }

    #[test]
    fn every_news_has_its_words() {
        let name = "Poly".to_owned();
        let all = [
            ButtonNews::Found { name: name.clone() },
            ButtonNews::Missing,
            ButtonNews::Gone { name: name.clone() },
            ButtonNews::Unfit {
                name,
                why: "?".to_owned(),
            },
        ];
        for news in all {
            let sentence = news.sentence().unwrap();
            let read = Catalogue::shipped().say(&sentence, Language::En);
            assert_ne!(read, sentence.key());
        }
        assert_eq!(ButtonNews::Pressed(Press::Answer).sentence(), None);
    }
}
