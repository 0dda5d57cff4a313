//! The same bytes before our reader and before others': every kind of disagreement stands in `disagreements.txt`,
//! with who is right and why.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use bytes::Bytes;
use sipx_sip::{HeaderName, Limits};
use thirdring::sip::{Start, read_message};

use super::mutator::Mutator;
use super::seeds;
use crate::peers::missing::{Need, OTHER_READERS, can_run};

/// Mutated messages compared in the test command.
const MUTATED: u64 = 20_000;
/// Values that both hold as they came.
const COMPARED: [&str; 4] = ["From", "To", "Call-ID", "CSeq"];
/// A fault's kind is its first words: what follows is about this message.
const WORDS_OF_A_KIND: usize = 6;

/// What a reader makes of a message.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    start: String,
    values: Vec<Option<Vec<u8>>>,
    body: Vec<u8>,
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
        body: message.body.to_vec(),
    })
}

fn sipx(bytes: &[u8]) -> Result<Reading, String> {
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
        body: message.body().to_vec(),
    })
}

/// What the readers of tests/differential make of all inputs: a name and a reading, input by input.
fn others(inputs: &[Vec<u8>]) -> Vec<(String, Result<Reading, String>)> {
    let mut readers = Command::new(OTHER_READERS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was built");
    let mut stdin = readers.stdin.take().expect("it is piped");
    let output = thread::scope(|scope| {
        scope.spawn(move || {
            for input in inputs {
                let length = u32::try_from(input.len()).expect("inputs are short");
                let told = stdin.write_all(&length.to_be_bytes());
                told.and_then(|()| stdin.write_all(input))
                    .expect("they read");
            }
        });
        readers.wait_with_output().expect("they end")
    });
    let told = String::from_utf8(output.stdout).expect("hexadecimal");
    told.lines().map(reading).collect()
}

/// A line of tests/differential.
fn reading(line: &str) -> (String, Result<Reading, String>) {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().expect("a cell");
    let (name, is_read, first) = (cell().to_owned(), cell() == "+", unhexed(cell()));
    let first = String::from_utf8_lossy(&first).into_owned();
    if !is_read {
        return (name, Err(kind_of(&first)));
    }
    let body = unhexed(cell());
    let values = cells.map(|cell| cell.strip_prefix('+').map(unhexed));
    let reading = Reading {
        start: first,
        values: values.collect(),
        body,
    };
    (name, Ok(reading))
}

fn unhexed(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.filter_map(byte).collect()
}

/// Without what stands in this message only.
fn kind_of(fault: &str) -> String {
    let general: Vec<&str> = fault.splitn(3, ':').take(2).collect();
    let general = general.join(" ");
    let words = general.split(|c: char| !c.is_ascii_alphabetic());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words[..words.len().min(WORDS_OF_A_KIND)].join(" ")
}

/// What makes readers see other lines in the same bytes.
fn circumstance(input: &[u8]) -> &'static str {
    let has_lone_ends = input.iter().enumerate().any(|(at, byte)| match byte {
        b'\n' => at == 0 || input[at - 1] != b'\r',
        b'\r' => input.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    match std::str::from_utf8(input) {
        Err(_) => ", not UTF-8",
        Ok(_) if has_lone_ends => ", a lone CR or LF",
        Ok(_) => "",
    }
}

/// The kind of disagreement, if there is one. White space is none: where lines were folded it is anybody's choice. Nor
/// are bytes that are not ASCII, which our text holds in its own way.
fn disagreement(
    ours: &Result<Reading, String>,
    theirs: &Result<Reading, String>,
) -> Option<String> {
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
    match (ours, theirs) {
        (Err(_), Err(fault)) if fault == "it panicked" => Some("they panic".to_owned()),
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

/// How often each kind was found, and the first input.
type Found = BTreeMap<String, (usize, Vec<u8>)>;

fn inputs() -> Vec<Vec<u8>> {
    let messages = seeds::messages();
    let mutator = Mutator::new(messages.clone());
    messages
        .into_iter()
        .chain((0..MUTATED).map(|number| mutator.input(number)))
        .collect()
}

fn note(found: &mut Found, reader: &str, kind: Option<String>, input: &[u8]) {
    if let Some(kind) = kind {
        let within = match kind.starts_with("another") {
            true => circumstance(input),
            false => "",
        };
        let kind = format!("{reader} {kind}{within}");
        let entry = found.entry(kind).or_insert((0, input.to_vec()));
        entry.0 += 1;
    }
}

fn are_known(found: &Found) {
    let known = include_str!("disagreements.txt");
    let is_known = |kind: &str| {
        known
            .lines()
            .any(|line| line.split(':').next() == Some(kind))
    };
    for (kind, (count, _)) in found {
        println!("{count:6} {kind}");
    }
    let unknown: Vec<String> = found
        .iter()
        .filter(|(kind, _)| !is_known(kind))
        .map(|(kind, (_, input))| format!("{kind}: {}", input.escape_ascii()))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn each_disagreement_with_another_reader_is_known() {
    let mut found = Found::new();
    for input in inputs() {
        let kind = disagreement(&ours(&input), &sipx(&input));
        note(&mut found, "sipx-sip", kind, &input);
    }
    are_known(&found);
}

#[test]
fn each_disagreement_with_two_readers_more_is_known() {
    if !can_run(&[Need::OtherReaders]) {
        return;
    }
    let inputs = inputs();
    let others = others(&inputs);
    let each = others.len() / inputs.len();
    assert_eq!((each, others.len() % inputs.len()), (2, 0));
    let mut found = Found::new();
    for (input, theirs) in inputs.iter().zip(others.chunks(each)) {
        let ours = ours(input);
        for (reader, theirs) in theirs {
            note(&mut found, reader, disagreement(&ours, theirs), input);
        }
    }
    are_known(&found);
}
