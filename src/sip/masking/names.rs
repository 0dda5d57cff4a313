use std::ops::Range;

/// Parameters that are no person's, however many digits they have (RFC 3261 20.20, 20.10; RFC 7044 9.1).
const TECHNICAL: [&[u8]; 5] = [b"tag", b"to-tag", b"from-tag", b"expires", b"index"];

/// Where in a header's value a number would be a person's: in display names and in values of parameters, not in the
/// addresses between `<` and `>`, whose users are another's work (RFC 3261 25.1).
pub(super) fn names(value: &[u8]) -> Vec<Range<usize>> {
    let mut reading = Reading {
        value,
        place: Place::Name,
        start: 0,
        found: Vec::new(),
    };
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        at = match byte {
            b'"' if reading.place != Place::Address => at + super::quoted(&value[at + 1..]) + 2,
            byte => {
                reading.take(*byte, at);
                at + 1
            }
        };
    }
    reading.ends(value.len());
    reading.found
}

struct Reading<'v> {
    value: &'v [u8],
    place: Place,
    /// Where what is read began.
    start: usize,
    found: Vec<Range<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A display name, or whatever stands in a header that nobody else knows.
    Name,
    Address,
    /// The name of a parameter.
    Parameter,
    /// Its value.
    Value,
    /// The value of one that is no person's.
    Technical,
}

impl Reading<'_> {
    fn take(&mut self, byte: u8, at: usize) {
        let next = match (self.place, byte) {
            (Place::Address, b'>') => Place::Name,
            (Place::Address, _) => return,
            (_, b'<') => Place::Address,
            (_, b';') => Place::Parameter,
            (_, b',') => Place::Name,
            (Place::Parameter, b'=') => of_parameter(&self.value[self.start..at]),
            (Place::Name | Place::Parameter | Place::Value | Place::Technical, _) => return,
        };
        self.ends(at);
        (self.place, self.start) = (next, at + 1);
    }

    /// What was read so far.
    fn ends(&mut self, at: usize) {
        let read = self.start..at;
        match self.place {
            Place::Value => self.found.push(read),
            Place::Name if !is_uri(&self.value[read.clone()]) => self.found.push(read),
            Place::Name | Place::Address | Place::Parameter | Place::Technical => {}
        }
    }
}

/// Without `<` and `>`: of its host and port no digit is a person's.
fn is_uri(name: &[u8]) -> bool {
    let name = name.trim_ascii().to_ascii_lowercase();
    [&b"sip:"[..], b"sips:", b"tel:"]
        .iter()
        .any(|scheme| name.starts_with(scheme))
}

fn of_parameter(name: &[u8]) -> Place {
    let name = name.trim_ascii();
    let is_technical = |known: &[u8]| known.eq_ignore_ascii_case(name);
    match TECHNICAL.into_iter().any(is_technical) {
        true => Place::Technical,
        false => Place::Value,
    }
}
