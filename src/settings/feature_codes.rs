//! What reps who worked behind a PBX know keys to mean.

/// Code, and what it is; where that stands is said above each group. What two of them know is here once.
const CODES: &[(&str, &str)] = &[
    // Asterisk, configs/samples/features.conf.sample, [featuremap] and [general]: pressed in a call.
    ("#1", "in-call transfer"),
    ("#72", "in-call parking"),
    ("*0", "in-call disconnect"),
    ("*1", "in-call recording, or ending a transfer"),
    ("*2", "in-call attended transfer"),
    ("*3", "in-call recording, or a conference"),
    ("*4", "in-call change between two callers"),
    // FreePBX's modules, each in its install.php (featurecode, setDefault): Admin > Feature Codes shows them.
    // core
    ("##", "in-call transfer"),
    ("**", "in-call disconnect, pickup"),
    ("*8", "pickup"),
    ("*11", "user logon"),
    ("*12", "user logoff"),
    // findmefollow, timeconditions, daynight, recordings
    ("*21", "follow me"),
    ("*27", "time condition"),
    ("*28", "call flow"),
    ("*29", "recorded phrase"),
    ("*77", "recorded phrase"),
    ("*99", "recorded phrase"),
    // blacklist, dictate, allowlist
    ("*30", "blacklist"),
    ("*31", "blacklist"),
    ("*32", "blacklist"),
    ("*34", "dictation"),
    ("*35", "dictation"),
    ("*36", "allowlist"),
    // infoservices, hotelwakeup
    ("*43", "echo test"),
    ("*60", "speaking clock"),
    ("*65", "own extension"),
    ("*69", "call trace"),
    ("*68", "wake-up call"),
    // queues
    ("*45", "queue login"),
    ("*46", "queue pause"),
    ("*47", "queue callers"),
    // callforward, missedcall; *70 to *79 are callwaiting, callforward and donotdisturb
    ("*52", "call forward, no answer"),
    ("*53", "call forward, no answer"),
    ("*56", "missed calls"),
    ("*57", "missed calls"),
    ("*7", "call waiting, forwarding, do not disturb"),
    ("*90", "call forward, busy"),
    ("*91", "call forward, busy"),
    ("*92", "call forward, busy"),
    // voicemail
    ("*97", "voicemail"),
    ("*98", "voicemail"),
    // paging, campon, parking, conferences
    ("*54", "intercom"),
    ("*55", "intercom"),
    ("*80", "intercom"),
    ("*82", "callback when free"),
    ("*85", "parked calls"),
    ("*87", "conferences"),
];

/// What the keys, or a beginning of them, or something that begins with them, mean to a PBX.
pub(super) fn clashing(keys: &str) -> Option<&'static str> {
    let is_it = |code: &&str| *code == keys || code.starts_with(keys) || keys.starts_with(*code);
    let mut codes = CODES.iter();
    let same = codes.clone().find(|(code, _)| *code == keys);
    let clash = same.or_else(|| codes.find(|(code, _)| is_it(code)));
    clash.map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_clashes_with_what_begins_it_and_what_it_begins() {
        assert_eq!(clashing("*2"), Some("in-call attended transfer"));
        assert_eq!(clashing("*76"), clashing("*72"));
        assert_eq!(clashing("*6"), Some("speaking clock"));
        assert_eq!(clashing("*971"), Some("voicemail"));
        for free in ["*50", "*51", "*59", "#51"] {
            assert_eq!(clashing(free), None);
        }
    }
}
