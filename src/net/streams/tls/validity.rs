//! Until when a certificate is good: of X.509 no more than that (RFC 5280 4.1).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// DER's tags (X.690 8.1.2).
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version, which those of version 1 leave out.
const VERSION: u8 = 0xA0;

/// The last moment of a certificate in DER; none where it is no certificate.
pub(super) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = value(certificate, SEQUENCE)?;
    let (_, mut to_be_signed, _) = value(certificate, SEQUENCE)?;
    if let Some((_, _, rest)) = value(to_be_signed, VERSION) {
        to_be_signed = rest;
    }
    // The serial number, the algorithm of the signature, who issued it.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, _, to_be_signed) = value(to_be_signed, tag)?;
    }
    let (_, validity, _) = value(to_be_signed, SEQUENCE)?;
    let (_, _, not_after) = any(validity)?;
    let (tag, text, _) = any(not_after)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// Tag, content and what follows it.
type Value<'a> = (u8, &'a [u8], &'a [u8]);

fn value(bytes: &[u8], wanted: u8) -> Option<Value<'_>> {
    any(bytes).filter(|(tag, ..)| *tag == wanted)
}

fn any(bytes: &[u8]) -> Option<Value<'_>> {
    let (tag, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7F => (usize::from(*short), rest),
        // 64 KB are more than any certificate has.
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short & 0x0F))?;
            let length = digits
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, where 50 to 99 are of the last century, or `YYYYMMDDHHMMSSZ` (RFC 5280 4.1.2.5).
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let century = match (tag, text.get(..2)?) {
        (UTC_TIME, year) if year < "50" => "20",
        (UTC_TIME, _) => "19",
        (GENERALIZED_TIME, _) => "",
        _ => return None,
    };
    let text = format!("{century}{text}");
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", &text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["pbx.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 3, 4);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_last_moment_is_read_in_both_ways_it_is_written() {
        for year in [2031, 2064] {
            let read = not_after(&certificate(year)).unwrap();
            assert_eq!(read.to_string(), format!("{year}-03-04T00:00:00Z"));
        }
        assert_eq!(
            time(UTC_TIME, "991231235959Z").unwrap().to_string(),
            "1999-12-31T23:59:59Z"
        );
    }

    #[test]
    fn what_is_cut_or_no_certificate_has_none() {
        let whole = certificate(2031);
        for length in 0..150 {
            assert_eq!(not_after(&whole[..length]), None, "{length}");
        }
        for rubbish in [
            &b"-----BEGIN"[..],
            &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x30, 0x80],
        ] {
            assert_eq!(not_after(rubbish), None);
        }
    }
}
