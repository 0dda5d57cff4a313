//! What is told of a call to somebody who was not in it: no number, and nothing that a person wrote.

use serde_json::{Map, Value};

use crate::sip::masked_text;

/// Fields that hold what people wrote or said.
const PEOPLES_WORDS: [&str; 4] = ["note", "text", "reason", "caller_name"];
/// Fields that hold a number; of a Call-ID phones may have made it, and `sip.jsonl` has it as it stood but for that.
const NUMBERS: [&str; 4] = ["caller", "number", "to", "sip_call_id"];

/// The same, with stars for words and `x` for digits.
pub(super) fn redacted(value: Value) -> Value {
    named("", value)
}

/// What a field of this name holds, or an item of the array that it holds.
fn named(name: &str, value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value = named(&name, value);
                (name, value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(|item| named(name, item)).collect(),
        Value::String(text) if PEOPLES_WORDS.contains(&name) && !text.is_empty() => "***".into(),
        Value::String(text) if NUMBERS.contains(&name) => masked_text(&text).into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_names_a_person_or_was_said_by_him_is_left_out() {
        let seat = json!({
            "seat": "rep1",
            "caller": "13900139000",
            "call": { "note": "wants SIP/2.0 and his money", "reason": "", "began": 17 },
            "targets": [{ "number": "+86 10 1234 5678" }],
            "text": ["one", "two"],
            "to": ["13900139000", "rep"],
        });
        let expected = json!({
            "seat": "rep1",
            "caller": "xxxxxxxxx00",
            "call": { "note": "***", "reason": "", "began": 17 },
            "targets": [{ "number": "+xx xx xxxx xx78" }],
            "text": ["***", "***"],
            "to": ["xxxxxxxxx00", "rep"],
        });
        assert_eq!(redacted(seat), expected);
    }
}
