//! A JSON Schema of the settings, for editors: the manual's words and defaults, and what the types take.

use serde_json::{Map, Value, json};

use super::kind::{Kind, LISTS};
use super::manual::{Entry, Manual};
use crate::words::Language;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// As `Wait` reads it.
const LENGTH: &str = "^[0-9.]+(ms|s|m|h|d)$";

/// Its descriptions are in this language.
pub fn schema(language: Language) -> Value {
    let manual = Manual::shipped(language);
    let mut root = section();
    for entry in manual.entries() {
        let mut place = &mut root;
        let mut path = String::new();
        let keys: Vec<&str> = entry.key.split('.').collect();
        let (name, sections) = keys.split_last().unwrap_or((&"", &[]));
        for key in sections {
            path = if path.is_empty() {
                (*key).to_owned()
            } else {
                format!("{path}.{key}")
            };
            let inner = || match LISTS.contains(&path.as_str()) {
                true => list(&manual, &path),
                false => section(),
            };
            place = below(place, key, inner);
        }
        if is_map(&manual, &path) {
            let texts = json!({ "type": "string" });
            place.insert("additionalProperties".to_owned(), texts);
        } else {
            below(place, name, || value(&manual, entry));
        }
    }
    root.insert("$schema".to_owned(), DRAFT.into());
    root.insert("title".to_owned(), "Thirdring".into());
    Value::Object(root)
}

/// The admin chooses its keys: all that stand there are examples.
fn is_map(manual: &Manual, path: &str) -> bool {
    let in_list = LISTS.iter().any(|list| path.starts_with(list));
    let own = manual.under(path);
    !path.is_empty() && !in_list && own.iter().all(|entry| !entry.is_default)
}

fn section() -> Map<String, Value> {
    let section = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    object(section)
}

fn list(manual: &Manual, path: &str) -> Map<String, Value> {
    let mut entry = section();
    entry.insert("required".to_owned(), manual.required(path).into());
    object(json!({ "type": "array", "items": entry }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value {
        object
    } else {
        Map::new()
    }
}

/// The property of this name; of a list, of its entries.
fn below<'a>(
    place: &'a mut Map<String, Value>,
    name: &str,
    usual: impl FnOnce() -> Map<String, Value>,
) -> &'a mut Map<String, Value> {
    let place = match place.contains_key("items") {
        true => inner(place, "items"),
        false => place,
    };
    let properties = inner(place, "properties");
    let property = properties.entry(name).or_insert_with(|| usual().into());
    property
        .as_object_mut()
        .expect("each property is an object")
}

fn inner<'a>(place: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let inner = place.entry(name).or_insert_with(|| json!({}));
    inner
        .as_object_mut()
        .expect("what we put there is an object")
}

fn value(manual: &Manual, entry: &Entry) -> Map<String, Value> {
    let may_be_empty = manual.takes(&entry.key, "\"\"");
    let words = |words: Vec<String>| {
        let empty = may_be_empty.then(String::new);
        json!({ "enum": words.into_iter().chain(empty).collect::<Vec<_>>() })
    };
    let place = json!({ "type": "string" });
    let mut value = object(match manual.kind(&entry.key) {
        Kind::YesOrNo => json!({ "type": "boolean" }),
        Kind::Number { most } => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Kind::Length if may_be_empty => {
            json!({ "type": "string", "pattern": format!("^$|{LENGTH}") })
        }
        Kind::Length => json!({ "type": "string", "pattern": LENGTH }),
        Kind::Word(known) => words(known),
        Kind::Secret => json!({
            "type": "object",
            "properties": { "env": place, "file": place, "enrolled": place },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        }),
        Kind::Text => json!({ "type": "string" }),
        Kind::List(known) if known.is_empty() => json!({ "type": "array", "items": place }),
        Kind::List(known) => json!({ "type": "array", "items": { "enum": known } }),
        Kind::Table => json!({ "type": "object" }),
    });
    value.insert("description".to_owned(), entry.text.as_str().into());
    if let Some(written) = entry.value().filter(|_| entry.is_default) {
        let default = serde_json::to_value(written).unwrap_or_default();
        value.insert("default".to_owned(), default);
    }
    value
}
