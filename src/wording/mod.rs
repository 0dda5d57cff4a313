//! L1, pure. Words as the standard judges them (R65): what is never said to a caller, and what has to be a question.

mod forbidden;
mod pace;

use crate::words::Language;

pub use forbidden::{Forbidden, forbidden};
pub use pace::{Pace, pace};

/// Whether these words ask: consent is asked for, never taken (R18, R30).
pub fn asks(words: &str, language: Language) -> bool {
    let signs: &[&str] = match language {
        Language::ZhCn => &["？", "?", "好吗", "可以吗", "行吗", "请按"],
        Language::En => &["?", "press"],
    };
    let words = words.to_lowercase();
    signs.iter().any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_asks_by_its_mark_or_by_keys() {
        assert!(asks("对不起，麻烦您稍等片刻，好吗？", Language::ZhCn));
        assert!(asks("需要回电请按一，继续等候请按二。", Language::ZhCn));
        assert!(!asks("请稍等，我帮您查询。", Language::ZhCn));
        assert!(asks("Press one to agree.", Language::En));
        assert!(!asks("Please hold.", Language::En));
    }
}
