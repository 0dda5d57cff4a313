use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use sdp_types::Attribute;
use zeroize::Zeroizing;

use super::description::{Audio, Description};
use super::settle::Unusable;
use crate::words::{Entropy, MasterKey, SrtpKeys, SrtpProfile};

/// The most `a=crypto` lines of one stream that are looked at.
const LINES_MAX: usize = 16;

/// What we offer, with the tag of its line: first what RFC 4568 6.2.1 wants everybody to know.
const OFFERED: [(u32, SrtpProfile); 2] = [
    (1, SrtpProfile::AesCm128HmacSha1_80),
    (2, SrtpProfile::AeadAes128Gcm),
];

/// The longest key with its salt in Base64 is 40 characters; what is longer is no key of ours.
const KEY_BUFFER: usize = 48;

/// RFC 4568 has padding; some leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether sound is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SrtpPolicy {
    /// RTP only.
    #[default]
    Off,
    /// SRTP where the other side has it: we offer RTP/AVP with keys (RFC 8643) and take either.
    Prefer,
    /// SRTP or no call.
    Require,
}

/// One `a=crypto` line we could use (RFC 4568 9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crypto {
    tag: u32,
    profile: SrtpProfile,
    key: MasterKey,
}

/// The line of theirs that counts, and the keys that follow from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    tag: u32,
    pub(super) keys: SrtpKeys,
}

/// One leg's share in SRTP: what is wanted, and our keys, which all its offers and answers name.
#[derive(Clone, Debug)]
pub struct Shield {
    policy: SrtpPolicy,
    keys: Vec<(SrtpProfile, MasterKey)>,
}

impl Shield {
    pub fn new(policy: SrtpPolicy, entropy: &mut Entropy) -> Self {
        let all = [
            SrtpProfile::AesCm128HmacSha1_80,
            SrtpProfile::AeadAes128Gcm,
            SrtpProfile::AesCm128HmacSha1_32,
        ];
        let mut key = |profile| (profile, MasterKey::random(profile, entropy));
        Self {
            policy,
            keys: match policy {
                SrtpPolicy::Off => Vec::new(),
                SrtpPolicy::Prefer | SrtpPolicy::Require => all.map(&mut key).into(),
            },
        }
    }

    pub fn policy(&self) -> SrtpPolicy {
        self.policy
    }

    /// Other keys, for what is offered from now on: our sound comes from a new port.
    pub fn renew(&mut self, entropy: &mut Entropy) {
        *self = Self::new(self.policy, entropy);
    }

    /// Our offer, over the transport that is wanted and with our keys; its only stream is its last.
    pub fn offer(&self, plain: Bytes) -> Bytes {
        let mut text = match self.policy {
            SrtpPolicy::Off => return plain,
            SrtpPolicy::Prefer => String::from_utf8_lossy(&plain).into_owned(),
            SrtpPolicy::Require => {
                String::from_utf8_lossy(&plain).replacen("RTP/AVP", "RTP/SAVP", 1)
            }
        };
        for (tag, profile) in OFFERED {
            if let Some(key) = self.key(profile) {
                text.push_str(&line(tag, profile, key));
            }
        }
        text.into()
    }

    /// Chooses the stream of their offer that is to be answered, and its keys.
    pub fn weigh_offer(&self, offer: Description) -> Description {
        self.weigh(offer, |crypto| self.key(crypto.profile))
    }

    /// The same of their answer, which may name only what we offered.
    pub fn weigh_answer(&self, answer: Description) -> Description {
        self.weigh(answer, |crypto| {
            let was_offered = OFFERED.contains(&(crypto.tag, crypto.profile));
            was_offered.then(|| self.key(crypto.profile)).flatten()
        })
    }

    fn weigh<'a>(
        &'a self,
        mut theirs: Description,
        ours: impl Fn(&Crypto) -> Option<&'a MasterKey>,
    ) -> Description {
        let with_keys = |mut audio: Audio| {
            let mut lines = audio.crypto.iter();
            audio.agreed = lines.find_map(|theirs| Some(Agreed::new(theirs, ours(theirs)?)));
            audio
        };
        let plain = theirs.plain.take().map(with_keys);
        let secure = theirs.secure.take().map(with_keys);
        theirs.audio = self.choose(plain, secure);
        theirs
    }

    /// Over RTP/SAVP there is no sound without keys; over RTP/AVP they are welcome (RFC 8643 3.1).
    fn choose(&self, plain: Option<Audio>, secure: Option<Audio>) -> Result<Audio, Unusable> {
        let has_secure = secure.is_some();
        let usable = secure.filter(|audio| audio.agreed.is_some());
        match self.policy {
            SrtpPolicy::Off => plain.ok_or(match has_secure {
                true => Unusable::SrtpOnly,
                false => Unusable::NoAudio,
            }),
            SrtpPolicy::Prefer => usable.or(plain).ok_or(match has_secure {
                true => Unusable::NoCommonCrypto,
                false => Unusable::NoAudio,
            }),
            SrtpPolicy::Require => usable.ok_or(match (has_secure, plain) {
                (true, _) => Unusable::NoCommonCrypto,
                (false, Some(_)) => Unusable::RtpOnly,
                (false, None) => Unusable::NoAudio,
            }),
        }
    }

    fn key(&self, profile: SrtpProfile) -> Option<&MasterKey> {
        let mut keys = self.keys.iter();
        let (_, key) = keys.find(|(of, _)| *of == profile)?;
        Some(key)
    }
}

impl Agreed {
    fn new(theirs: &Crypto, ours: &MasterKey) -> Self {
        Self {
            tag: theirs.tag,
            keys: SrtpKeys {
                profile: theirs.profile,
                ours: ours.clone(),
                theirs: theirs.key.clone(),
            },
        }
    }

    /// Our line in the answer: their tag and suite, our key (RFC 4568 5.1.2).
    pub(super) fn line(&self) -> String {
        line(self.tag, self.keys.profile, &self.keys.ours)
    }
}

fn line(tag: u32, profile: SrtpProfile, key: &MasterKey) -> String {
    let key = Zeroizing::new(BASE64.encode(key.reveal()));
    format!("a=crypto:{tag} {} inline:{}\r\n", profile.name(), *key)
}

/// The lines of a stream that we could use.
pub(super) fn lines(attributes: &[Attribute]) -> Vec<Crypto> {
    let lines = attributes.iter().filter(|it| it.attribute == "crypto");
    lines
        .take(LINES_MAX)
        .filter_map(|it| read_line(it.value.as_deref()?))
        .collect()
}

/// `tag suite inline:key[|lifetime] [parameters]`; none where it wants something that we do not do.
fn read_line(line: &str) -> Option<Crypto> {
    let mut pieces = line.split_ascii_whitespace();
    let tag = pieces.next()?.parse().ok()?;
    let profile = profile_of(pieces.next()?)?;
    let key = read_key(profile, pieces.next()?)?;
    pieces
        .all(is_harmless)
        .then_some(Crypto { tag, profile, key })
}

fn profile_of(suite: &str) -> Option<SrtpProfile> {
    let all = [
        SrtpProfile::AesCm128HmacSha1_80,
        SrtpProfile::AesCm128HmacSha1_32,
        SrtpProfile::AeadAes128Gcm,
    ];
    let mut all = all.into_iter();
    all.find(|profile| profile.name().eq_ignore_ascii_case(suite))
}

/// A lifetime is longer than any call. A master key identifier would stand in each packet: who wants one is passed over,
/// as is who names several keys.
fn read_key(profile: SrtpProfile, parameters: &str) -> Option<MasterKey> {
    let (method, parameters) = parameters.split_once(':')?;
    let mut parts = parameters.split('|');
    let key = parts.next()?;
    let wants_identifier = parts.any(|part| part.contains(':'));
    if !method.eq_ignore_ascii_case("inline") || wants_identifier || key.contains(';') {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY_BUFFER]);
    let length = BASE64.decode_slice(key, &mut *bytes).ok()?;
    MasterKey::new(profile, bytes.get(..length)?)
}

/// RFC 4568 6.3: a window size is a hint, and what begins with `-` may be ignored. The others change what is in a packet.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.starts_with("WSH=")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::super::{Codecs, Negotiated, Origin, answer, offer, read, settle};
    use super::*;

    const ORIGIN: Origin = Origin { id: 7, version: 1 };
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";

    fn local() -> SocketAddr {
        "192.0.2.1:40000".parse().unwrap()
    }

    fn shield(policy: SrtpPolicy, seed: u64) -> Shield {
        Shield::new(policy, &mut Entropy::from_number(seed))
    }

    fn described(media: &str) -> Description {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
        read(format!("{head}{media}").as_bytes()).unwrap()
    }

    /// What our answer to an offer is, and what it agrees on.
    fn answered(policy: SrtpPolicy, media: &str) -> Result<(String, Negotiated), Unusable> {
        let offer = shield(policy, 1).weigh_offer(described(media));
        let (sdp, agreed) = answer(&offer, local(), ORIGIN, &Codecs::default())?;
        Ok((String::from_utf8(sdp.to_vec()).unwrap(), agreed))
    }

    fn stream(proto: &str, crypto: &str) -> String {
        format!("m=audio 4000 {proto} 8\r\na=crypto:{crypto}\r\n")
    }

    #[test]
    fn both_sides_of_an_offer_have_the_same_keys_crosswise() {
        use SrtpPolicy::{Off, Prefer, Require};
        for (calling, called, secure) in [
            (Off, Off, false),
            (Prefer, Off, false),
            (Off, Prefer, false),
            (Prefer, Prefer, true),
            (Require, Prefer, true),
            (Require, Require, true),
        ] {
            let (near, far) = (shield(calling, 1), shield(called, 2));
            let sdp = near.offer(offer(local(), ORIGIN, &Codecs::default()));
            let theirs = far.weigh_offer(read(&sdp).unwrap());
            let (sdp, of_far) = answer(&theirs, local(), ORIGIN, &Codecs::default()).unwrap();
            let of_near =
                settle(&near.weigh_answer(read(&sdp).unwrap()), &Codecs::default()).unwrap();
            assert_eq!(of_near.srtp.is_some(), secure, "{calling:?} {called:?}");
            assert_eq!(of_far.srtp.is_some(), secure);
            if let (Some(near), Some(far)) = (of_near.srtp, of_far.srtp) {
                assert_eq!((near.ours, near.theirs), (far.theirs, far.ours));
                assert_eq!(near.profile, SrtpProfile::AesCm128HmacSha1_80);
            }
        }
    }

    #[test]
    fn what_is_required_never_becomes_rtp() {
        let require = shield(SrtpPolicy::Require, 1);
        let plain = "m=audio 4000 RTP/AVP 8\r\n";
        let keyed = stream(
            "RTP/AVP",
            &format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        );
        for media in [plain, &keyed] {
            let refused = answered(SrtpPolicy::Require, media).unwrap_err();
            assert_eq!(refused, Unusable::RtpOnly);
            let answer = require.weigh_answer(described(media));
            assert_eq!(settle(&answer, &Codecs::default()), Err(Unusable::RtpOnly));
        }
        let keyless = require.weigh_answer(described("m=audio 4000 RTP/SAVP 8\r\n"));
        assert_eq!(
            settle(&keyless, &Codecs::default()),
            Err(Unusable::NoCommonCrypto)
        );
    }

    #[test]
    fn an_offer_of_srtp_alone_is_refused_where_it_is_off() {
        let media = stream(
            "RTP/SAVP",
            &format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        );
        let refused = answered(SrtpPolicy::Off, &media).unwrap_err();
        assert_eq!(
            refused.warning(),
            "302 thirdring \"SRTP is off here: offer RTP/AVP\""
        );
    }

    #[test]
    fn of_two_streams_the_protected_one_is_taken() {
        let secure = stream(
            "RTP/SAVP",
            &format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        );
        let media = format!("m=audio 4002 RTP/AVP 8\r\n{secure}");
        let (sdp, agreed) = answered(SrtpPolicy::Prefer, &media).unwrap();
        assert!(sdp.contains("m=audio 0 RTP/AVP 8\r\nm=audio 40000 RTP/SAVP 8\r\n"));
        assert!(sdp.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"));
        assert_eq!(agreed.remote.port(), 4000);
        let (sdp, agreed) = answered(SrtpPolicy::Off, &media).unwrap();
        assert!(sdp.contains("m=audio 40000 RTP/AVP 8\r\n") && !sdp.contains("crypto"));
        assert!(sdp.contains("m=audio 0 RTP/SAVP 8\r\n") && agreed.srtp.is_none());
    }

    #[test]
    fn their_first_line_that_we_know_is_answered_under_its_tag() {
        let gcm = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==";
        let media = format!(
            "{}a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:4\r\n\
             a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP\r\n\
             a=crypto:9 AEAD_AES_128_GCM inline:{gcm}|2^31 WSH=128 -future\r\n\
             a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n",
            stream("RTP/SAVPF", "1 AES_256_CM_HMAC_SHA1_80 inline:AAAA"),
        );
        let (sdp, agreed) = answered(SrtpPolicy::Prefer, &media).unwrap();
        assert!(sdp.contains("RTP/SAVPF 8\r\n"));
        assert!(sdp.contains("a=crypto:9 AEAD_AES_128_GCM inline:"));
        let keys = agreed.srtp.unwrap();
        assert_eq!(keys.theirs.reveal()[27], 27);
        assert_eq!(sdp.matches("a=crypto").count(), 1);
    }

    #[test]
    fn the_short_tag_is_taken_where_nothing_else_is_offered_and_never_asked_for() {
        let media = stream(
            "RTP/SAVP",
            &format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
        );
        let (_, agreed) = answered(SrtpPolicy::Require, &media).unwrap();
        let keys = agreed.srtp.unwrap();
        assert_eq!(keys.profile, SrtpProfile::AesCm128HmacSha1_32);
        let answer = shield(SrtpPolicy::Require, 1).weigh_answer(described(&media));
        assert_eq!(
            settle(&answer, &Codecs::default()),
            Err(Unusable::NoCommonCrypto)
        );
    }

    #[test]
    fn broken_keys_are_no_keys() {
        for crypto in [
            "",
            "1",
            "x AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "1 AES_CM_128_HMAC_SHA1_80",
            "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "1 AES_CM_128_HMAC_SHA1_80 inline:!!!!",
            &format!("1 AES_CM_128_HMAC_SHA1_80 prompt:{KEY}"),
            &format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{KEY}"),
            &format!("1 AEAD_AES_128_GCM inline:{KEY}"),
        ] {
            let refused = answered(SrtpPolicy::Prefer, &stream("RTP/SAVP", crypto));
            assert_eq!(refused.unwrap_err(), Unusable::NoCommonCrypto, "{crypto}");
        }
    }

    #[test]
    fn a_new_offer_names_the_same_keys_until_they_are_renewed() {
        let mut entropy = Entropy::from_number(4);
        let mut shield = Shield::new(SrtpPolicy::Require, &mut entropy);
        let first = shield.offer(offer(local(), ORIGIN, &Codecs::default()));
        assert_eq!(
            shield.offer(offer(local(), ORIGIN, &Codecs::default())),
            first
        );
        shield.renew(&mut entropy);
        assert_ne!(
            shield.offer(offer(local(), ORIGIN, &Codecs::default())),
            first
        );
        assert!(format!("{shield:?}").contains("AesCm128HmacSha1_80, [redacted]"));
    }
}
