//! What the mutator begins with: sound inputs, and unsound ones that others have stumbled over.

use std::fs;
use std::path::Path;

/// The torture messages, and what a call is made of.
pub(super) fn messages() -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/corpus");
    let files = ["rfc4475", "rfc5118"]
        .iter()
        .flat_map(|rfc| fs::read_dir(corpus.join(rfc)).expect("a folder of the corpus"));
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let own = [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "UPDATE", "INFO", "REFER",
    ];
    let read = |path| fs::read(path).expect("a file of the corpus");
    let own = own.map(|method| request(method).into_bytes());
    paths.into_iter().map(read).chain(own).collect()
}

fn request(method: &str) -> String {
    format!(
        "{method} sip:hotline@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bK1\r\n\
         From: \"A\" <sip:a@192.0.2.9>;tag=1\r\nTo: <sip:hotline@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@192.0.2.9>\r\nMax-Forwards: 70\r\nRecord-Route: <sip:192.0.2.5;lr>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// The first byte says how the stream is split.
pub(super) fn streams() -> Vec<Vec<u8>> {
    let two = request("OPTIONS")
        + "\r\n\r\n"
        + &request("BYE").replace("Length: 0", "Length: 2")
        + "ab\r\n";
    messages()
        .into_iter()
        .chain([two.into_bytes()])
        .map(|message| [&[7][..], &message, &message].concat())
        .collect()
}

pub(super) fn uris() -> Vec<Vec<u8>> {
    [
        "sip:alice:secret@example.com:5061;transport=tcp;lr?subject=x&y=%20",
        "sips:a;b=c@[2001:db8::1]:5070;maddr=[::ffff:192.0.2.1]",
        "sip:%61%00@[2001:db8:::192.0.2.1]",
        "tel:+86-10-5555;phone-context=example.com;isub=1",
        "SIP:192.0.2.1",
        "urn:service:sos",
    ]
    .map(|uri| uri.as_bytes().to_vec())
    .into()
}

pub(super) fn descriptions() -> Vec<Vec<u8>> {
    let audio = |connection: &str, rest: &str| {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n";
        format!("{head}c={connection}\r\nt=0 0\r\n{rest}").into_bytes()
    };
    let plain = "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n";
    vec![
        audio("IN IP4 192.0.2.9", plain),
        audio(
            "IN IP4 192.0.2.9",
            &format!("{plain}a=rtcp:4001 IN IP4 192.0.2.9\r\na=sendonly\r\n"),
        ),
        audio("IN IP4 0.0.0.0", plain),
        audio("IN IP6 2001:db8::9", plain),
        audio("IN IP4 224.2.1.1/127/3", plain),
        audio(
            "IN IP4 255.255.255.255",
            &format!("m=video 4002 RTP/AVP 34\r\n{plain}c=IN IP4 192.0.2.8\r\n"),
        ),
    ]
}

pub(super) fn multiparts() -> Vec<Vec<u8>> {
    let sdp = "Content-Type: application/sdp\r\n\r\nv=0\r\n";
    let nested = format!(
        "--x\r\nc: multipart/alternative;boundary=\"y\"\r\n\r\n--y\r\n{sdp}\r\n--y--\r\n--x--"
    );
    let beside = format!(
        "--x\r\nContent-Type: application/isup\r\n\r\n\u{1}\r\n--x\r\nContent-Disposition: session\r\n{sdp}\r\n--x--"
    );
    vec![nested.into_bytes(), beside.into_bytes()]
}

pub(super) fn digests() -> Vec<Vec<u8>> {
    [
        "Digest realm=\"thirdring\", nonce=\"abc\", qop=\"auth,auth-int\", algorithm=SHA-256, opaque=\"o\", stale=true",
        "Digest realm=\"thirdring\", nonce=abc, Basic realm=\"x\", Digest realm=\"y\", nonce=\"\\\"\", algorithm=MD5-sess",
        "Digest username=\"rep1\", realm=\"thirdring\", nonce=\"abc\", uri=\"sip:thirdring\", response=\"00\", \
         qop=auth, nc=00000001, cnonce=\"c\", algorithm=SHA-256",
    ]
    .map(|value| value.as_bytes().to_vec())
    .into()
}

/// Programs of the sound: packets of ours with a jump, a key, RTCP, and time.
pub(super) fn sounds() -> Vec<Vec<u8>> {
    let packet = |sequence: u8| {
        let mut step = vec![4, 168, 0, 0, sequence, 0, 0, 0, 160, 1];
        step.extend([0xd5; 160]);
        step.extend([6 | 1 << 3, 0]);
        step
    };
    let key = vec![4, 12, 2, 0, 9, 0, 0, 1, 0, 1, 5, 0x8a, 1, 64];
    let report = [vec![2, 8], vec![0x80, 201, 0, 1, 0, 0, 0, 1]].concat();
    let talk: Vec<u8> = (0..20).flat_map(packet).collect();
    vec![
        [talk.clone(), key, report].concat(),
        [talk, vec![6 | 31 << 3, 0], vec![7 | 31 << 3, 0]].concat(),
    ]
}

/// Programs of what is played: talk with a packet lost, twice and late; a described noise; another source.
pub(super) fn plays() -> Vec<Vec<u8>> {
    let packet = |source: u8, sequence: u8| {
        let [high, low] = (u16::from(sequence) * 160).to_be_bytes();
        let mut step = vec![0, 167, source << 6, 0, sequence, 0, 0, high, low];
        step.extend([0x80; 160]);
        step
    };
    let heard = |source: u8, sequence: u8| [packet(source, sequence), vec![2 | 1 << 2, 0]].concat();
    let talk = |source: u8| {
        (0..20)
            .flat_map(move |n| heard(source, n))
            .collect::<Vec<u8>>()
    };
    let lossy = (0..20).filter(|n| n % 5 != 3).flat_map(|n| heard(0, n));
    let twice = [packet(0, 22), packet(0, 22), packet(0, 21)].concat();
    let noise = vec![1, 9, 0, 0, 20, 0, 0, 12, 128, 40, 90, 2 | 20 << 2, 0];
    vec![
        lossy.chain(twice).collect(),
        [talk(0), noise, talk(1)].concat(),
        [talk(0), vec![3 | 3 << 4, 200], talk(0)].concat(),
    ]
}

/// Programs of the queue: promised, noted, phoned, ended, and once more; then a disk that fails.
pub(super) fn queues() -> Vec<Vec<u8>> {
    let kept = [
        0, 0, 2, 0, 1, 1, 6, 20, 2, 0, 3, 4, 2, 0, 1, 1, 6, 60, 2, 0, 3, 0, 2, 0,
    ];
    let two = [
        0, 3, 2, 0, 0, 6, 2, 0, 1, 2, 6, 20, 2, 0, 2, 0, 4, 2, 5, 0, 7, 90, 2, 255,
    ];
    vec![
        kept.into(),
        two.into(),
        [0, 1, 2, 255, 1, 1, 6, 20, 2, 255, 3, 1].into(),
        [kept, two].concat(),
    ]
}

pub(super) fn reports() -> Vec<Vec<u8>> {
    let sender = [
        &[0x81, 200, 0, 12, 0, 0, 0, 9][..],
        &[
            0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 160, 0, 0, 0, 1, 0, 0, 0, 160,
        ],
        &[
            0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        &[0x81, 203, 0, 1, 0, 0, 0, 9],
    ];
    vec![
        sender.concat(),
        vec![0x80, 201, 0, 1, 0, 0, 0, 9],
        [&[0x81, 202, 0, 2, 0, 0, 0, 9, 1, 1][..], b"x\0"].concat(),
    ]
}

/// The rest of a REGISTER from its Contact on.
pub(super) fn contacts() -> Vec<Vec<u8>> {
    [
        "<sip:rep1@192.0.2.9:5070;transport=tcp>;expires=600;q=0.5;+sip.instance=\"<urn:uuid:1>\";reg-id=1",
        "*\r\nExpires: 0",
        "<sip:a@192.0.2.9>, <sip:b@[2001:db8::9]>;expires=0, sip:c@192.0.2.9",
        "<sip:rep1@192.0.2.9>\r\nExpires: 4294967295\r\nRequire: path",
    ]
    .map(|contact| contact.as_bytes().to_vec())
    .into()
}

/// Programs of the dialog target: a call made, answered, held, hung up, by one side or both.
pub(super) fn programs() -> Vec<Vec<u8>> {
    vec![
        vec![
            0, 0, 15, 0, 1, 1, 15, 0, 2, 1, 15, 0, 15, 0, 6, 0, 15, 0, 7, 1, 15, 0, 15, 0, 5, 1,
            15, 0,
        ],
        vec![0, 0, 15, 0, 4, 0, 15, 0, 15, 0, 13, 50],
        vec![0, 0, 15, 0, 3, 1, 10, 0, 14, 0, 14, 0, 15, 0],
        vec![
            0, 1, 0, 0, 15, 0, 2, 0, 2, 1, 15, 0, 5, 0, 5, 1, 15, 0, 14, 0,
        ],
        vec![0, 0, 15, 0, 2, 1, 10, 0, 14, 0, 10, 0, 13, 255, 13, 255],
        (0..=255).collect(),
    ]
}

/// Answers of STUN: the id is the target's to fill in.
pub(super) fn stun_answers() -> Vec<Vec<u8>> {
    let answer = |kind: u8, attributes: &[u8]| {
        let head = [0x01, kind, 0, attributes.len() as u8];
        [&head[..], &[0; 16], attributes].concat()
    };
    let software = b"\x80\x22\x00\x05coturn-x";
    let mapped = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
    let v6 = b"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9";
    let refused = b"\x00\x09\x00\x04\x00\x00\x04\x00";
    vec![
        answer(1, &[&software[..], mapped].concat()),
        answer(1, v6),
        answer(0x11, refused),
    ]
}

/// Keys 5 and # with their ends, one a timestamp, and time between.
pub(super) fn events() -> Vec<Vec<u8>> {
    let key = |at: u8, event: u8| {
        let begins = [3, 0, at, event, 0x0a, 0, 160, 0];
        let ends = [2, 0, at, event, 0x8a, 3, 32, 0];
        [begins, ends, ends, ends].concat()
    };
    vec![[key(1, 5), key(9, 11)].concat(), key(200, 16)]
}

/// One of each profile: a packet, a compound, rubbish.
pub(super) fn protected() -> Vec<Vec<u8>> {
    let packet = [&[0x80, 8, 0, 1][..], &[0; 8], &[0xd5; 170]].concat();
    let report = [&[0x80, 201, 0, 1, 0, 0, 0, 9][..], &[0x80; 24]].concat();
    let of = |kind: u8, bytes: &[u8]| [&[kind][..], bytes].concat();
    let all = (0..3).flat_map(|kind| [of(kind, &packet), of(kind, &report)]);
    all.chain([of(1, b"")]).collect()
}

pub(super) fn protected_descriptions() -> Vec<Vec<u8>> {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
    let stream = |proto: &str, crypto: &str| format!("m=audio 4000 {proto} 8\r\n{crypto}");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let sha = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^31\r\n");
    let gcm =
        "a=crypto:2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw== WSH=64\r\n";
    let short = format!("a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:{key}|1:4\r\n");
    [
        stream("RTP/SAVP", &(sha.clone() + gcm)),
        stream("RTP/AVP", &sha),
        stream("RTP/AVP", "") + &stream("RTP/SAVPF", &(short + gcm)),
        stream("RTP/SAVP", ""),
    ]
    .map(|streams| format!("{head}{streams}").into_bytes())
    .into()
}
