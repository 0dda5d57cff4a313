use std::ops::RangeInclusive;
use std::time::Duration;

/// Characters a minute of a prompt in Chinese; the standard's 120 are for explaining (R65, docs/standard.md).
const PROMPT: RangeInclusive<u32> = 140..=260;
/// Fewer characters are said in no pace: a digit, a word.
const CHARACTERS_MIN: usize = 6;

/// How fast a prompt is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Characters a minute, pauses included.
    pub a_minute: u32,
    pub fits: bool,
}

/// Of Chinese words that take so long; none where they are too few, or not Chinese.
pub fn pace(words: &str, takes: Duration) -> Option<Pace> {
    let spoken = words
        .chars()
        .filter(|c| is_han(*c) || c.is_ascii_digit())
        .count();
    let seconds = takes.as_secs_f64();
    if spoken < CHARACTERS_MIN || seconds <= 0.0 {
        return None;
    }
    let a_minute = (spoken as f64 * 60.0 / seconds).round() as u32;
    Some(Pace {
        a_minute,
        fits: PROMPT.contains(&a_minute),
    })
}

/// The unified ideographs (Unicode 4E00 to 9FFF).
fn is_han(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_characters_a_minute() {
        let words = "您好，请问有什么可以帮到您？";
        let pace = |seconds| pace(words, Duration::from_secs(seconds)).unwrap();
        assert_eq!(
            pace(4),
            Pace {
                a_minute: 180,
                fits: true
            }
        );
        assert!(!pace(1).fits && !pace(10).fits);
    }

    #[test]
    fn a_digit_and_english_have_none() {
        assert_eq!(pace("零", Duration::from_secs(1)), None);
        assert_eq!(
            pace("Hello, how may I help you?", Duration::from_secs(2)),
            None
        );
        assert_eq!(pace("您好请问有什么", Duration::ZERO), None);
    }
}
