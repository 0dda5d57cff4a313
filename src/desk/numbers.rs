//! What makes a rep's phone pick up (D5).

use crate::policy::AnswerMode;

/// The headers that make a rep's phone pick up by itself; in manual mode he does (D2, D5).
pub(super) fn auto_answer(mode: AnswerMode) -> Vec<(String, String)> {
    match mode {
        AnswerMode::Manual => Vec::new(),
        AnswerMode::Auto => [
            ("Call-Info", "<sip:thirdring>;answer-after=0"),
            (
                "Alert-Info",
                "<http://www.notused.com>;info=alert-autoanswer;delay=0",
            ),
            ("Answer-Mode", "Auto"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
    }
}
