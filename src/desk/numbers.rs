//! What makes a rep's phone pick up (D5).

use crate::policy::AnswerMode;

/// What phones are told by: `answer-after` (Grandstream, Snom, Cisco, MicroSIP, Zoiper).
const CALL_INFO: &str = "<sip:thirdring>;answer-after=0";

/// `alert-autoanswer` (Snom, Yealink, Mitel, AudioCodes). Its address would be another ring tone (RFC 3261 20.4):
/// a phone that means to fetch it finds nobody there (RFC 6761 6.4).
const ALERT_INFO: &str = "<http://thirdring.invalid>;info=alert-autoanswer;delay=0";

/// RFC 5373 (baresip).
const ANSWER_MODE: &str = "Auto";

/// The headers that make a rep's phone pick up by itself, each in the words of other brands; in manual mode he does
/// (D2, D5).
pub(super) fn auto_answer(mode: AnswerMode) -> Vec<(String, String)> {
    match mode {
        AnswerMode::Manual => Vec::new(),
        AnswerMode::Auto => [
            ("Call-Info", CALL_INFO),
            ("Alert-Info", ALERT_INFO),
            ("Answer-Mode", ANSWER_MODE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
    }
}
