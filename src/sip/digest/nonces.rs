use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::words::{Entropy, Moment, Pii, hex};

/// How long a nonce is taken (hardening 8).
const LIFE: Duration = Duration::from_secs(60);
/// The nonces whose counts are remembered; past it the oldest are called stale.
const USED_MAX: usize = 1024;
/// Bytes of the signature in a nonce.
const SIGNATURE: usize = 16;
/// Hexadecimal digits of a nonce: moment, serial number, signature.
const LENGTH: usize = 16 + 8 + 2 * SIGNATURE;

/// Makes nonces and knows them again. A nonce carries its own time and is signed together with
/// its source, so that nothing is remembered of the many that are never used.
#[derive(Debug)]
pub(super) struct Nonces {
    key: Pii<[u8; 32]>,
    serial: u32,
    /// The highest count seen of each nonce that proved a password.
    used: BTreeMap<Stamp, u32>,
    /// Nonces up to here are stale whatever their age: their counts had to be forgotten.
    forgotten: Option<Stamp>,
}

/// What tells our nonces apart, in the order they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    made: Moment,
    serial: u32,
}

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Fresh(Stamp),
    Old,
    /// Not ours, or given to another source.
    Foreign,
}

impl Nonces {
    pub(super) fn new(entropy: &mut Entropy) -> Self {
        Self {
            key: Pii::new(entropy.bytes()),
            serial: 0,
            used: BTreeMap::new(),
            forgotten: None,
        }
    }

    pub(super) fn make(&mut self, source: IpAddr, now: Moment) -> String {
        self.serial = self.serial.wrapping_add(1);
        let stamp = Stamp {
            made: now,
            serial: self.serial,
        };
        let signature = self.signed(stamp, source).finalize().into_bytes();
        let signature = signature.get(..SIGNATURE).unwrap_or_default();
        let Stamp { made, serial } = stamp;
        format!("{:016x}{serial:08x}{}", made.as_nanos(), hex(signature))
    }

    pub(super) fn look_up(&self, nonce: &str, source: IpAddr, now: Moment) -> Known {
        let Some((stamp, signature)) = read(nonce) else {
            return Known::Foreign;
        };
        // `verify_truncated_left` compares in constant time.
        let signed = self.signed(stamp, source);
        if signed.verify_truncated_left(&signature).is_err() {
            return Known::Foreign;
        }
        let forgotten = self.forgotten.is_some_and(|it| stamp <= it);
        match forgotten || now.since(stamp.made) >= LIFE {
            true => Known::Old,
            false => Known::Fresh(stamp),
        }
    }

    /// Takes a count that is higher than all before it; a lower one is a repetition.
    pub(super) fn take_count(&mut self, stamp: Stamp, count: u32, now: Moment) -> bool {
        if self.used.get(&stamp).is_some_and(|last| count <= *last) {
            return false;
        }
        self.used.retain(|it, _| now.since(it.made) < LIFE);
        self.used.insert(stamp, count);
        while self.used.len() > USED_MAX {
            self.forgotten = self.used.pop_first().map(|(oldest, _)| oldest);
        }
        true
    }

    fn signed(&self, stamp: Stamp, source: IpAddr) -> Hmac<Sha256> {
        let mut mac = keyed(self.key.reveal());
        mac.update(&stamp.made.as_nanos().to_be_bytes());
        mac.update(&stamp.serial.to_be_bytes());
        mac.update(source.to_canonical().to_string().as_bytes());
        mac
    }
}

/// HMAC under a key shorter than the hash's block: zeros fill it up (RFC 2104 2).
pub(super) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new(&block)
}

fn read(nonce: &str) -> Option<(Stamp, Vec<u8>)> {
    if nonce.len() != LENGTH || !nonce.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let (made, rest) = nonce.split_at_checked(16)?;
    let (serial, signature) = rest.split_at_checked(8)?;
    let stamp = Stamp {
        made: Moment::from_nanos(u64::from_str_radix(made, 16).ok()?),
        serial: u32::from_str_radix(serial, 16).ok()?,
    };
    let bytes = signature.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    });
    Some((stamp, bytes.collect::<Option<Vec<u8>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn nonces() -> Nonces {
        Nonces::new(&mut Entropy::from_number(1))
    }

    #[test]
    fn a_nonce_lives_for_a_minute() {
        let mut nonces = nonces();
        let nonce = nonces.make(ip("192.0.2.1"), at(5));
        let seen = |ms| nonces.look_up(&nonce, ip("192.0.2.1"), at(ms));
        assert!(matches!(seen(60_004), Known::Fresh(_)));
        assert_eq!(seen(60_005), Known::Old);
    }

    #[test]
    fn a_nonce_is_bound_to_its_source_and_to_this_run() {
        let mut nonces = nonces();
        let nonce = nonces.make(ip("192.0.2.1"), at(0));
        let mapped = nonces.look_up(&nonce, ip("::ffff:192.0.2.1"), at(1));
        assert!(matches!(mapped, Known::Fresh(_)));
        assert_eq!(
            nonces.look_up(&nonce, ip("192.0.2.2"), at(1)),
            Known::Foreign
        );
        let other_run = Nonces::new(&mut Entropy::from_number(2));
        assert_eq!(
            other_run.look_up(&nonce, ip("192.0.2.1"), at(1)),
            Known::Foreign
        );
    }

    #[test]
    fn a_changed_digit_anywhere_makes_it_foreign() {
        let mut nonces = nonces();
        let nonce = nonces.make(ip("192.0.2.1"), at(0));
        for place in 0..nonce.len() {
            let mut forged = nonce.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(
                nonces.look_up(&forged, ip("192.0.2.1"), at(1)),
                Known::Foreign
            );
        }
        for forged in ["", "x", "é", &nonce[1..], &nonce.replace('0', "g")] {
            assert_eq!(
                nonces.look_up(forged, ip("192.0.2.1"), at(1)),
                Known::Foreign
            );
        }
    }

    #[test]
    fn counts_only_rise() {
        let mut nonces = nonces();
        let nonce = nonces.make(ip("192.0.2.1"), at(0));
        let Known::Fresh(stamp) = nonces.look_up(&nonce, ip("192.0.2.1"), at(1)) else {
            panic!("{nonce} is not fresh");
        };
        let taken = [1, 2, 2, 1, 7, 6].map(|count| nonces.take_count(stamp, count, at(1)));
        assert_eq!(taken, [true, true, false, false, true, false]);
    }

    #[test]
    fn a_full_store_calls_the_oldest_nonces_stale() {
        let mut nonces = nonces();
        let source = ip("192.0.2.1");
        let made: Vec<String> = (0..1025).map(|_| nonces.make(source, at(0))).collect();
        for nonce in &made {
            let Known::Fresh(stamp) = nonces.look_up(nonce, source, at(1)) else {
                panic!("{nonce} is not fresh");
            };
            assert!(nonces.take_count(stamp, 1, at(1)));
        }
        assert_eq!(nonces.used.len(), USED_MAX);
        assert_eq!(nonces.look_up(&made[0], source, at(1)), Known::Old);
        assert!(matches!(
            nonces.look_up(&made[1], source, at(1)),
            Known::Fresh(_)
        ));
    }

    #[test]
    fn the_key_is_not_printed_for_developers() {
        assert!(format!("{:?}", nonces()).contains("key: [redacted]"));
    }
}
