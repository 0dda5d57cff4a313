//! What reps who worked behind a PBX know keys to mean.

/// The default feature codes of FreePBX (module defaults, *Admin > Feature Codes*) and the in-call ones of
/// Asterisk (`features.conf`, `[featuremap]`): code, name.
const CODES: [(&str, &str); 37] = [
    ("##", "in-call transfer"),
    ("#1", "in-call transfer"),
    ("#72", "in-call parking"),
    ("**", "in-call disconnect, pickup"),
    ("*0", "in-call disconnect"),
    ("*1", "in-call recording"),
    ("*2", "in-call attended transfer"),
    ("*3", "in-call recording"),
    ("*8", "pickup"),
    ("*11", "user logon"),
    ("*12", "user logoff"),
    ("*30", "blacklist"),
    ("*31", "blacklist"),
    ("*32", "blacklist"),
    ("*35", "e-mail completion"),
    ("*43", "echo test"),
    ("*45", "queue login"),
    ("*46", "queue pause"),
    ("*47", "queue callers"),
    ("*52", "call forward, no answer"),
    ("*53", "call forward, no answer"),
    ("*54", "paging"),
    ("*60", "speaking clock"),
    ("*65", "own extension"),
    ("*67", "hide the number"),
    ("*68", "wake-up call"),
    ("*69", "call trace"),
    ("*7", "call waiting, forwarding, do not disturb"),
    ("*80", "intercom"),
    ("*82", "show the number"),
    ("*85", "parked calls"),
    ("*87", "parking"),
    ("*90", "call forward, busy"),
    ("*91", "call forward, busy"),
    ("*97", "voicemail"),
    ("*98", "voicemail"),
    ("*99", "recording check"),
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
        assert_eq!(clashing("*1"), Some("in-call recording"));
        assert_eq!(clashing("*76"), clashing("*72"));
        assert_eq!(clashing("*4"), Some("echo test"));
        assert_eq!(clashing("*971"), Some("voicemail"));
        assert_eq!(clashing("*51"), None);
    }
}
