//! The JSON Schema agrees with what is read: our own files fit it, and what it refuses is refused.

use serde_json::{Value, json};
use thirdring::settings::{Manual, schema};
use thirdring::words::Language;

/// As much of JSON Schema as ours uses. Where and why the value does not fit.
fn misfit(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let wrong = |why: &str| Some(format!("{at}: {why}"));
    if let Some(words) = schema["enum"].as_array() {
        return (!words.contains(value)).then(|| format!("{at}: not one of {words:?}"));
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let Some(object) = value.as_object() else {
                return wrong("no object");
            };
            let required = schema["required"].as_array().into_iter().flatten();
            let mut missing = required.filter(|name| !object.contains_key(name.as_str().unwrap()));
            if let Some(name) = missing.next() {
                return wrong(&format!("{name} is missing"));
            }
            object.iter().find_map(|(name, value)| {
                let at = format!("{at}.{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => Some(format!("{at}: unknown")),
                    (Value::Null, Value::Null) => None,
                    (Value::Null, others) => misfit(others, value, &at),
                    (known, _) => misfit(known, value, &at),
                }
            })
        }
        "array" => match value.as_array() {
            Some(list) => list
                .iter()
                .find_map(|value| misfit(&schema["items"], value, at)),
            None => wrong("no list"),
        },
        "string" if !value.is_string() => wrong("no text"),
        "string" => {
            let text = value.as_str().unwrap();
            let is_length = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            match schema["pattern"].as_str() {
                Some(pattern) if text.is_empty() => {
                    (!pattern.starts_with("^$")).then(|| format!("{at}: empty"))
                }
                Some(_) if !is_length(text) => wrong("no length of time"),
                Some(_) | None => None,
            }
        }
        "integer" => match value.as_u64() {
            Some(number) if number <= schema["maximum"].as_u64().unwrap() => None,
            Some(_) | None => wrong("no such number"),
        },
        "boolean" => (!value.is_boolean()).then(|| format!("{at}: neither true nor false")),
        other => wrong(&format!("our schemas have no type {other:?}")),
    }
}

fn of_toml(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_files_we_ship_fit_the_schema() {
    let schema = schema(Language::En);
    for file in [
        "config/thirdring.toml",
        "config/thirdring.zh-CN.toml",
        "config/test.toml",
    ] {
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(misfit(&schema, &of_toml(&text), file), None);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let schema = schema(Language::En);
    for (text, why) in [
        ("sip.lisen = \"127.0.0.1:1\"", "unknown"),
        ("test = \"yes\"", "neither true nor false"),
        ("sip.calls_max = 70000", "no such number"),
        ("sip.behind = \"qeue\"", "not one of"),
        ("sip.session_expires = \"soon\"", "no length of time"),
        ("[[seat]]\nkind = \"echo\"", "missing"),
        (
            "[[sip.account]]\nname = \"a\"\nusername = \"1\"\ndomain = \"b\"\npassword = \"c\"",
            "no object",
        ),
        ("sip.trusted = \"192.0.2.1\"", "no list"),
    ] {
        let told = misfit(&schema, &of_toml(text), "it").expect(text);
        assert!(told.contains(why), "{text}: {told}");
    }
    let rich = "[[seat]]\nid = \"rep1\"\nkind = \"phone\"\npassword = { env = \"A\" }\npbx.via = \"a\"\n\
                [phone_keys]\n\"*51\" = \"consent\"\n[callbacks.skills]\nsupervisor = \"boss\"\n";
    assert_eq!(misfit(&schema, &of_toml(rich), "it"), None);
}

#[test]
fn every_key_has_words_and_a_kind_in_the_schema() {
    let schema = schema(Language::ZhCn);
    assert_eq!(
        schema["properties"]["sip"]["properties"]["dscp"]["maximum"],
        json!(255)
    );
    assert_eq!(
        schema["properties"]["seat"]["items"]["required"],
        json!(["id", "kind"])
    );
    for entry in Manual::shipped(Language::ZhCn).entries() {
        let mut place = &schema;
        for key in entry.key.split('.') {
            let inner = if place["items"]["properties"].is_object() {
                &place["items"]
            } else {
                place
            };
            place = &inner["properties"][key];
        }
        let is_map =
            entry.key.starts_with("phone_keys") || entry.key.starts_with("callbacks.skills");
        assert!(is_map || place["description"].is_string(), "{}", entry.key);
    }
}
