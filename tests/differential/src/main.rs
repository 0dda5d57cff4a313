//! Reads messages from standard input, each after its length in four bytes, and tells on standard output what each
//! reader makes of it: a line a reader, in hexadecimal; `-` and the fault, where it refuses.

use std::io::{self, BufWriter, Read, Write};
use std::panic::catch_unwind;

use rsiprtp::sip::parser::Message;
use rsipstack::sip::{HasHeaders, SipMessage};

/// As in tests/fuzz/differential.rs.
const COMPARED: [&str; 4] = ["From", "To", "Call-ID", "CSeq"];
const COMPACT: [&str; 4] = ["f", "t", "i", ""];

/// Start, values, body.
struct Reading {
    start: String,
    values: Vec<Option<String>>,
    body: Vec<u8>,
}

type Reader = fn(&[u8]) -> Result<Reading, String>;

const READERS: [(&str, Reader); 2] = [("rsiprtp", rsiprtp), ("rsipstack", rsipstack)];

fn rsiprtp(bytes: &[u8]) -> Result<Reading, String> {
    let message = Message::parse(bytes).map_err(|fault| fault.to_string())?;
    let (start, headers, body) = match message {
        Message::Request(it) => (it.method.as_str().to_owned(), it.headers, it.body),
        Message::Response(it) => (it.status_code.as_u16().to_string(), it.headers, it.body),
    };
    let value = |name: &&str| headers.get_first_value(name).map(str::to_owned);
    Ok(Reading {
        start,
        values: COMPARED.iter().map(value).collect(),
        body,
    })
}

fn rsipstack(bytes: &[u8]) -> Result<Reading, String> {
    let message = SipMessage::try_from(bytes).map_err(|fault| fault.to_string())?;
    let headers = message.headers().clone();
    let (start, body) = match message {
        SipMessage::Request(it) => (it.method.to_string(), it.body),
        SipMessage::Response(it) => (it.status_code.code().to_string(), it.body),
    };
    let value = |(name, compact): (&&str, &&str)| {
        let is_it =
            |found: &str| found.eq_ignore_ascii_case(name) || found.eq_ignore_ascii_case(compact);
        let found = headers.iter().find(|header| is_it(header.name()));
        found.map(|header| header.value().to_owned())
    };
    Ok(Reading {
        start,
        values: COMPARED.iter().zip(&COMPACT).map(value).collect(),
        body,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(name: &str, read: Result<Reading, String>) -> String {
    match read {
        Err(fault) => format!("{name}\t-\t{}", hexadecimal(fault.as_bytes())),
        Ok(Reading {
            start,
            values,
            body,
        }) => {
            let values = values.iter().map(|value| match value {
                Some(value) => format!("\t+{}", hexadecimal(value.as_bytes())),
                None => "\t".to_owned(),
            });
            let (start, body) = (hexadecimal(start.as_bytes()), hexadecimal(&body));
            format!("{name}\t+\t{start}\t{body}{}", values.collect::<String>())
        }
    }
}

fn main() -> io::Result<()> {
    // Their panics are findings, and told as such.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut input, mut output) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    let mut length = [0; 4];
    while input.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        input.read_exact(&mut message)?;
        for (name, reader) in READERS {
            let read = catch_unwind(|| reader(&message));
            let read = read.unwrap_or_else(|_| Err("it panicked".to_owned()));
            writeln!(output, "{}", line(name, read))?;
        }
    }
    output.flush()
}
