//! The same bytes before our reader and before `sipx-sip`'s: every kind of disagreement stands in `disagreements.txt`,
//! with who is right and why.

use std::collections::BTreeMap;

use bytes::Bytes;
use sipx_sip::{HeaderName, Limits};
use thirdring::sip::{Start, read_message};

use super::mutator::Mutator;
use super::seeds;

/// Mutated messages compared in the test command.
const MUTATED: u64 = 20_000;
/// Values that both hold as they came.
const COMPARED: [&str; 4] = ["From", "To", "Call-ID", "CSeq"];

/// What a reader makes of a message.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    start: String,
    values: Vec<Option<Vec<u8>>>,
    body: Bytes,
}

/// Our reading, or what we find wrong.
fn ours(bytes: &[u8]) -> Result<Reading, String> {
    let message = read_message(bytes).map_err(|malformed| format!("{:?}", malformed.fault))?;
    let start = match &message.start {
        Start::Request { method, .. } => method.clone(),
        Start::Response { code, .. } => code.to_string(),
    };
    let value = |name: &&str| message.value(name).map(|value| value.as_bytes().to_vec());
    Ok(Reading {
        start,
        values: COMPARED.iter().map(value).collect(),
        body: message.body.clone(),
    })
}

fn theirs(bytes: &[u8]) -> Result<Reading, String> {
    let datagram = Bytes::copy_from_slice(bytes);
    let message = sipx_sip::parse_datagram(datagram, &Limits::datagram()).map_err(|fault| {
        let text = format!("{fault:?}");
        let kind = ["kind: ", "limit: "]
            .iter()
            .find_map(|key| text.split(key).nth(1));
        let kind = kind.unwrap_or(&text);
        kind[..kind.find([' ', ',']).unwrap_or(kind.len())].to_owned()
    })?;
    let start = match (message.as_request(), message.as_response()) {
        (Some(request), _) => String::from_utf8_lossy(request.method.as_bytes()).into_owned(),
        (None, response) => response.map_or(0, |it| it.status.code()).to_string(),
    };
    let value = |name: &&str| {
        let name = HeaderName::parse(&Bytes::from(name.to_string()));
        message
            .headers()
            .value(&name)
            .map(|value| value.trim_ascii().to_vec())
    };
    Ok(Reading {
        start,
        values: COMPARED.iter().map(value).collect(),
        body: message.body().clone(),
    })
}

/// The kind of disagreement, if there is one. White space is none: where lines were folded it is anybody's choice. Nor
/// are bytes that are not ASCII, which our text holds in its own way.
fn disagreement(bytes: &[u8]) -> Option<String> {
    let squeezed = |value: &Option<Vec<u8>>| {
        let value = value.as_deref()?;
        Some(
            value
                .iter()
                .filter(|byte| byte.is_ascii_graphic())
                .copied()
                .collect::<Vec<u8>>(),
        )
    };
    match (ours(bytes), theirs(bytes)) {
        (Err(_), Err(_)) => None,
        (Err(fault), Ok(_)) => Some(format!("we refuse {fault}")),
        (Ok(_), Err(fault)) => Some(format!("they refuse {fault}")),
        (Ok(ours), Ok(theirs)) => {
            let mut values = COMPARED.iter().zip(ours.values.iter().zip(&theirs.values));
            let differing = values.find(|(_, (ours, theirs))| squeezed(ours) != squeezed(theirs));
            if ours.start != theirs.start {
                Some("another start line".to_owned())
            } else if let Some((name, _)) = differing {
                Some(format!("another {name}"))
            } else {
                (ours.body != theirs.body).then(|| "another body".to_owned())
            }
        }
    }
}

#[test]
fn each_disagreement_with_another_reader_is_known() {
    let messages = seeds::messages();
    let mutator = Mutator::new(messages.clone());
    let inputs = messages
        .into_iter()
        .chain((0..MUTATED).map(|number| mutator.input(number)));
    let mut found: BTreeMap<String, (usize, Vec<u8>)> = BTreeMap::new();
    for input in inputs {
        if let Some(kind) = disagreement(&input) {
            let entry = found.entry(kind).or_insert((0, input));
            entry.0 += 1;
        }
    }
    let known = include_str!("disagreements.txt");
    let is_known = |kind: &str| {
        known
            .lines()
            .any(|line| line.split(':').next() == Some(kind))
    };
    for (kind, (count, _)) in &found {
        println!("{count:6} {kind}");
    }
    let unknown: Vec<String> = found
        .iter()
        .filter(|(kind, _)| !is_known(kind))
        .map(|(kind, (_, input))| format!("{kind}: {}", input.escape_ascii()))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}
