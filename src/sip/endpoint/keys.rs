use crate::words::Key;

/// The most keys taken from one INFO.
const KEYS_MAX: usize = 32;

/// The keys in an INFO: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
pub(super) fn read(media_type: &str, body: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(body);
    match media_type {
        "application/dtmf-relay" => signal(&text).into_iter().collect(),
        "application/dtmf" => digits(text.trim()),
        _ => Vec::new(),
    }
}

fn signal(text: &str) -> Option<Key> {
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("Signal")
            .then(|| value.trim())
    })?;
    digits(value).first().copied()
}

/// Characters, or one event number above 9 (some phones send 10 for *).
fn digits(text: &str) -> Vec<Key> {
    if let Some(key) = text
        .parse()
        .ok()
        .filter(|event| *event > 9)
        .and_then(Key::from_event)
    {
        return vec![key];
    }
    let keys = text.chars().filter_map(|c| Key::try_from(c).ok());
    keys.take(KEYS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(media_type: &str, body: &str) -> String {
        read(media_type, body.as_bytes())
            .into_iter()
            .map(char::from)
            .collect()
    }

    #[test]
    fn both_kinds_of_info_carry_keys() {
        assert_eq!(
            text("application/dtmf-relay", "Signal= #\r\nDuration=160\r\n"),
            "#"
        );
        assert_eq!(text("application/dtmf-relay", "Duration=9\nsignal=10"), "*");
        assert_eq!(text("application/dtmf", "7\r\n"), "7");
        assert_eq!(text("application/dtmf-relay", "nothing"), "");
        assert_eq!(
            text("application/dtmf", "1".repeat(100).as_str()).len(),
            KEYS_MAX
        );
    }
}
