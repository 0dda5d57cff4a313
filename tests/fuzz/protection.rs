//! SRTP and its keys as a stranger would send them. Nothing here knows tests or files: `fuzz/` uses it as it is.

use std::net::SocketAddr;

use thirdring::media::RtpHeader;
use thirdring::media::srtp::Srtp;
use thirdring::sip::offer_answer::{
    Codecs, Origin, Shield, SrtpPolicy, answer, offer, read, settle,
};
use thirdring::words::{Entropy, MasterKey, SrtpKeys, SrtpProfile};

const ORIGIN: Origin = Origin { id: 1, version: 1 };

fn ours() -> SocketAddr {
    ([192, 0, 2, 1], 5060).into()
}

fn both_ends(kind: u8) -> (Srtp, Srtp) {
    let profile = match kind % 3 {
        0 => SrtpProfile::AeadAes128Gcm,
        1 => SrtpProfile::AesCm128HmacSha1_80,
        _ => SrtpProfile::AesCm128HmacSha1_32,
    };
    let mut entropy = Entropy::from_number(1);
    let mut key = || MasterKey::random(profile, &mut entropy);
    let (ours, theirs) = (key(), key());
    let crosswise = SrtpKeys {
        profile,
        ours: theirs.clone(),
        theirs: ours.clone(),
    };
    let keys = SrtpKeys {
        profile,
        ours,
        theirs,
    };
    (Srtp::new(keys), Srtp::new(crosswise))
}

/// What nobody signed is refused and left as it was; what we protect comes out as it went in, once.
pub(crate) fn srtp(bytes: &[u8]) {
    let [kind, rest @ ..] = bytes else { return };
    let (mut near, mut far) = both_ends(*kind);
    let mut forged = rest.to_vec();
    assert_eq!(near.unprotect_rtp(&mut forged), None);
    assert_eq!(near.unprotect_rtcp(&mut forged), None);
    assert_eq!((forged.as_slice(), near.refused()), (rest, 2));

    let mut report = rest.to_vec();
    if near.protect_rtcp(&mut report, 0) {
        let length = far.unprotect_rtcp(&mut report);
        assert_eq!(length.and_then(|length| report.get(..length)), Some(rest));
    }
    let mut packet = Vec::new();
    let header = RtpHeader {
        payload_type: 8,
        marker: false,
        sequence: u16::from(*kind) << 8,
        timestamp: 0,
        ssrc: 1,
    };
    header.write(&mut packet);
    packet.extend_from_slice(rest);
    let plain = packet.clone();
    assert!(near.protect_rtp(&mut packet, 0));
    let mut again = packet.clone();
    let length = far.unprotect_rtp(&mut packet);
    assert_eq!(
        length.and_then(|length| packet.get(..length)),
        Some(&*plain)
    );
    assert_eq!(far.unprotect_rtp(&mut again), None);
}

/// Whatever keys a description names: what is required is never RTP, what is off never SRTP, and both sides of an
/// answer have the same keys crosswise.
pub(crate) fn crypto(bytes: &[u8]) {
    let Ok(theirs) = read(bytes) else { return };
    let mut entropy = Entropy::from_number(1);
    for policy in [SrtpPolicy::Off, SrtpPolicy::Prefer, SrtpPolicy::Require] {
        let shield = Shield::new(policy, &mut entropy);
        let weighed = shield.weigh_offer(theirs.clone());
        if let Ok((sdp, agreed)) = answer(&weighed, ours(), ORIGIN, &Codecs::default()) {
            judge(policy, agreed.srtp.as_ref());
            let text = String::from_utf8_lossy(&sdp);
            let has_keys = text.lines().any(|line| line.starts_with("a=crypto:"));
            assert_eq!(has_keys, agreed.srtp.is_some(), "{text}");
            assert!(read(&sdp).is_ok(), "we answered {text}");
        }
        if let Ok(agreed) = settle(&shield.weigh_answer(theirs.clone()), &Codecs::default()) {
            judge(policy, agreed.srtp.as_ref());
        }
        let ours = shield.offer(offer(ours(), ORIGIN, &Codecs::default()));
        assert!(read(&ours).is_ok());
    }
}

fn judge(policy: SrtpPolicy, keys: Option<&SrtpKeys>) {
    match policy {
        SrtpPolicy::Off => assert!(keys.is_none()),
        SrtpPolicy::Require => assert!(keys.is_some()),
        SrtpPolicy::Prefer => {}
    }
    if let Some(keys) = keys {
        assert_eq!(keys.theirs.reveal().len(), keys.profile.keying_length());
        assert_ne!(keys.ours, keys.theirs);
    }
}
