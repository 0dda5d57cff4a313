//! SRTP and SRTCP (RFC 3711, RFC 7714): datagrams are protected after they are written, and unprotected before they are
//! read, in place.
//!
//! Invariant: what is not genuine, or came before, is not read; an index is never used twice with one key; nothing is
//! allocated once a leg has its keys.

mod cipher;
mod counter_mode;
mod derivation;
mod gcm;
mod inbound;
mod outbound;
mod packet;
mod sources;
mod window;

use inbound::Inbound;
use outbound::Outbound;

use crate::words::{SrtpKeys, SrtpProfile};

/// One leg's protection, both ways.
#[derive(Debug)]
pub struct Srtp {
    keys: SrtpKeys,
    ours: Outbound,
    theirs: Inbound,
}

impl Srtp {
    pub fn new(keys: SrtpKeys) -> Self {
        Self {
            ours: Outbound::new(keys.profile, &keys.ours),
            theirs: Inbound::new(keys.profile, &keys.theirs),
            keys,
        }
    }

    /// A new offer/answer: a direction whose key is the same keeps its indices and what it has seen.
    pub fn rekey(&mut self, keys: SrtpKeys) {
        let SrtpKeys {
            profile,
            ours,
            theirs,
        } = &keys;
        let same = *profile == self.keys.profile;
        if !same || *ours != self.keys.ours {
            self.ours = Outbound::new(*profile, ours);
        }
        if !same || *theirs != self.keys.theirs {
            self.theirs.replace_key(*profile, theirs);
        }
        self.keys = keys;
    }

    pub fn profile(&self) -> SrtpProfile {
        self.keys.profile
    }

    /// Protects the RTP packet that begins at `start` and goes to the end, and appends its tag. False, with `packet`
    /// cut back to `start`, when it cannot be sent: it is no RTP, or its index was used before.
    #[must_use]
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>, start: usize) -> bool {
        let done = self.ours.protect_rtp(packet, start).is_some();
        keep_if(done, packet, start)
    }

    /// The same for a compound of RTCP.
    #[must_use]
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>, start: usize) -> bool {
        let done = self.ours.protect_rtcp(packet, start).is_some();
        keep_if(done, packet, start)
    }

    /// Decrypts a datagram in place: the length of the RTP packet that it is. None, and the datagram as it was, when it
    /// is not genuine or a replay; it is counted.
    pub fn unprotect_rtp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        self.theirs.unprotect_rtp(datagram)
    }

    /// The same for a compound of RTCP.
    pub fn unprotect_rtcp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        self.theirs.unprotect_rtcp(datagram)
    }

    /// Datagrams that were not let in.
    pub fn refused(&self) -> u64 {
        self.theirs.refused()
    }
}

/// What could not be protected must not stay where it would be sent.
fn keep_if(done: bool, packet: &mut Vec<u8>, start: usize) -> bool {
    if !done {
        packet.truncate(start);
    }
    done
}

#[cfg(test)]
fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::RtpHeader;
    use crate::words::{Entropy, MasterKey};

    const PROFILES: [SrtpProfile; 3] = [
        SrtpProfile::AeadAes128Gcm,
        SrtpProfile::AesCm128HmacSha1_80,
        SrtpProfile::AesCm128HmacSha1_32,
    ];

    fn both_ends(profile: SrtpProfile) -> (Srtp, Srtp) {
        let mut entropy = Entropy::from_number(3);
        let mut key = || MasterKey::random(profile, &mut entropy);
        let (a, b) = (key(), key());
        let keys = |ours: &MasterKey, theirs: &MasterKey| SrtpKeys {
            profile,
            ours: ours.clone(),
            theirs: theirs.clone(),
        };
        (Srtp::new(keys(&a, &b)), Srtp::new(keys(&b, &a)))
    }

    fn plain(sequence: u16) -> Vec<u8> {
        let mut packet = Vec::new();
        let header = RtpHeader {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp: 160,
            ssrc: 0xcafe,
        };
        header.write(&mut packet);
        packet.extend_from_slice(b"good morning");
        packet
    }

    fn protected(sender: &mut Srtp, sequence: u16) -> Vec<u8> {
        let mut packet = plain(sequence);
        assert!(sender.protect_rtp(&mut packet, 0));
        packet
    }

    fn opened(receiver: &mut Srtp, packet: &[u8]) -> Option<Vec<u8>> {
        let mut datagram = packet.to_vec();
        let length = receiver.unprotect_rtp(&mut datagram)?;
        Some(datagram[..length].to_vec())
    }

    /// The packets that libsrtp's own test driver validates itself by (master key of RFC 3711 B.3).
    #[test]
    fn packets_are_those_of_libsrtp() {
        let ours = "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6";
        let ours = MasterKey::new(SrtpProfile::AesCm128HmacSha1_80, &hex(ours)).unwrap();
        let theirs = ours.clone();
        let profile = SrtpProfile::AesCm128HmacSha1_80;
        let mut srtp = Srtp::new(SrtpKeys {
            profile,
            ours,
            theirs,
        });
        let mut packet = hex("800f1234decafbadcafebabeabababababababababababababababab");
        assert!(srtp.protect_rtp(&mut packet, 0));
        let expected =
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb";
        assert_eq!(packet, hex(expected));
        let mut skipped = hex("81c8000bcafebabeabababababababababababababababab");
        assert!(srtp.protect_rtcp(&mut skipped, 0));
        let mut report = hex("81c8000bcafebabeabababababababababababababababab");
        assert!(srtp.protect_rtcp(&mut report, 0));
        let expected =
            "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
        assert_eq!(report, hex(expected));
    }

    #[test]
    fn what_one_end_protects_the_other_reads() {
        for profile in PROFILES {
            let (mut near, mut far) = both_ends(profile);
            let mut datagrams = b"before".to_vec();
            datagrams.extend_from_slice(&plain(9));
            assert!(near.protect_rtp(&mut datagrams, 6));
            assert_eq!(datagrams[..6], *b"before");
            assert!(!datagrams.windows(4).any(|it| it == b"good"));
            assert_eq!(opened(&mut far, &datagrams[6..]), Some(plain(9)));
            let report = [0x80, 201, 0, 1, 0, 0, 0xca, 0xfe, 1, 2, 3, 4];
            let mut datagram = report.to_vec();
            assert!(near.protect_rtcp(&mut datagram, 0));
            let length = far.unprotect_rtcp(&mut datagram).unwrap();
            assert_eq!(datagram[..length], report);
        }
    }

    #[test]
    fn replays_and_forgeries_are_refused_and_leave_the_datagram_alone() {
        for profile in PROFILES {
            let (mut near, mut far) = both_ends(profile);
            let packet = protected(&mut near, 1);
            for at in 0..packet.len() {
                let mut forged = packet.clone();
                forged[at] ^= 1;
                let before = forged.clone();
                assert_eq!(far.unprotect_rtp(&mut forged), None, "byte {at}");
                assert_eq!(forged, before);
            }
            assert!(opened(&mut far, &packet).is_some());
            assert_eq!(opened(&mut far, &packet), None);
            assert_eq!(opened(&mut far, &plain(2)), None);
            assert_eq!(far.refused(), packet.len() as u64 + 2);
        }
    }

    #[test]
    fn every_length_of_rubbish_is_refused() {
        let mut entropy = Entropy::from_number(5);
        for profile in PROFILES {
            let (_, mut far) = both_ends(profile);
            for length in 0..200 {
                let mut datagram: Vec<u8> = (0..length).map(|_| entropy.u16() as u8).collect();
                if let Some(first) = datagram.first_mut() {
                    *first |= 0x80;
                }
                assert_eq!(far.unprotect_rtp(&mut datagram), None);
                assert_eq!(far.unprotect_rtcp(&mut datagram), None);
            }
        }
    }

    #[test]
    fn packets_are_read_through_a_roll_over_out_of_order() {
        let (mut near, mut far) = both_ends(SrtpProfile::AesCm128HmacSha1_80);
        let packets: Vec<_> = (0..6u16)
            .map(|n| protected(&mut near, 65_533u16.wrapping_add(n)))
            .collect();
        for n in [0, 3, 1, 2, 5, 4] {
            let sequence = 65_533u16.wrapping_add(n as u16);
            assert_eq!(opened(&mut far, &packets[n]), Some(plain(sequence)), "{n}");
        }
    }

    #[test]
    fn an_index_is_never_used_twice() {
        let (mut near, _) = both_ends(SrtpProfile::AeadAes128Gcm);
        let first = protected(&mut near, 5);
        let mut again = first.clone();
        again.extend_from_slice(&plain(5));
        assert!(!near.protect_rtp(&mut again, first.len()));
        assert_eq!(again, first);
    }

    #[test]
    fn a_new_offer_with_the_same_keys_keeps_what_was_seen() {
        let (mut near, mut far) = both_ends(SrtpProfile::AesCm128HmacSha1_80);
        let packet = protected(&mut near, 7);
        assert!(opened(&mut far, &packet).is_some());
        far.rekey(far.keys.clone());
        assert_eq!(opened(&mut far, &packet), None);
        let theirs = MasterKey::random(far.profile(), &mut Entropy::from_number(9));
        let keys = SrtpKeys {
            theirs: theirs.clone(),
            ..far.keys.clone()
        };
        far.rekey(keys);
        near.rekey(SrtpKeys {
            ours: theirs,
            ..near.keys.clone()
        });
        assert!(opened(&mut far, &protected(&mut near, 7)).is_some());
        assert_eq!(far.refused(), 1);
    }

    #[test]
    fn nothing_is_allocated_for_a_packet() {
        for profile in PROFILES {
            let (mut near, mut far) = both_ends(profile);
            let mut packet = Vec::with_capacity(200);
            let measured = allocation_counter::measure(|| {
                for sequence in 0..1_000u16 {
                    packet.clear();
                    packet.extend_from_slice(&[0x80, 8]);
                    packet.extend_from_slice(&sequence.to_be_bytes());
                    packet.extend_from_slice(&[0; 168]);
                    assert!(near.protect_rtp(&mut packet, 0));
                    assert_eq!(far.unprotect_rtp(&mut packet), Some(172));
                    let mut report = [0x80, 201, 0, 1, 0, 0, 0, 9];
                    assert_eq!(far.unprotect_rtcp(&mut report), None);
                }
            });
            assert_eq!(measured.count_total, 0, "{profile:?}");
        }
    }

    #[test]
    fn keys_are_not_printed() {
        let (near, _) = both_ends(SrtpProfile::AeadAes128Gcm);
        let printed = format!("{near:?}");
        assert!(
            printed.contains("[redacted]") && !printed.contains('7'),
            "{printed}"
        );
    }
}
