use super::*;

const INVITE: &str = "INVITE sip:13800138000@10.0.0.1;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1234567890\r\n\
    From: \"Wang 139-0013-9000\" <sip:+8613900139000@pbx.example>;tag=1234567890\r\n\
    To: <tel:+86-10-1234-5678>\r\n\
    Call-ID: 1234567890@10.0.0.2\r\n\
    CSeq: 4711471 INVITE\r\n\
    Contact: <sip:1001@10.0.0.2>\r\n\
    X-Caller: 13900139000\r\n\
    Authorization: Digest username=\"13900139000\", realm=\"pbx\", nonce=\"8f2a\", uri=\"sip:13800138000@10.0.0.1\", response=\"0a1b2c3d\", qop=auth\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 99\r\n\r\n\
    v=0\r\n\
    o=13900139000 3984201 3984201 IN IP4 10.0.0.2\r\n\
    s=-\r\n\
    p=+86 139 0013 9000\r\n\
    m=audio 40000 RTP/SAVP 8\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJDREVGR0g=|2^31\r\n\
    a=rtpmap:8 PCMA/8000\r\n";

#[test]
fn what_names_a_person_or_opens_something_is_masked() {
    let masked = masked(INVITE.as_bytes());
    assert_eq!(masked.len(), INVITE.len());
    for own in [
        "139001",
        "138001",
        "0013",
        "1234-5678",
        "0a1b2c3d",
        "QUJDREVG",
        "139 0013",
    ] {
        assert!(!masked.contains(own), "{own} in {masked}");
    }
}

#[test]
fn what_tells_how_the_call_went_stays() {
    let masked = masked(INVITE.as_bytes());
    for technical in [
        "INVITE sip:xxxxxxxxx00@10.0.0.1;user=phone",
        "branch=z9hG4bK1234567890",
        "tag=1234567890",
        "Call-ID: 1234567890@10.0.0.2",
        "CSeq: 4711471 INVITE",
        "<sip:1001@10.0.0.2>",
        "nonce=\"8f2a\"",
        "response=\"00000000\", qop=auth",
        "3984201 3984201 IN IP4 10.0.0.2",
        "m=audio 40000 RTP/SAVP 8",
        "AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        "a=rtpmap:8 PCMA/8000",
    ] {
        assert!(masked.contains(technical), "{technical} not in {masked}");
    }
}

#[test]
fn a_pressed_key_is_not_told() {
    let info = "INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=*\r\nDuration=160\r\n";
    let masked = masked(info.as_bytes());
    assert!(
        masked.ends_with("\r\n\r\nSignal=0\r\nDuration=000\r\n"),
        "{masked}"
    );
}

/// A message with these headers, lines as they are given, and the same masked.
fn with_headers(headers: &str) -> String {
    let message = format!("INVITE sip:a@b SIP/2.0\r\n{headers}\r\n\r\n");
    let masked = masked(message.as_bytes());
    assert_eq!(masked.len(), message.len());
    masked
}

#[test]
fn a_number_is_masked_wherever_a_header_may_have_it() {
    for header in [
        "P-Asserted-Identity: <sip:a@b>, \"13900139000\" <tel:+8613900139000>",
        "From: \"a;13900139000 <x\" <sip:a@b>;tag=1",
        "From: sip:+8613900139000;phone-context=b@10.0.0.1;tag=1",
        "From: <sip:%31%33%39%30%30%31%33%39%30%30%30@b>",
        "Remote-Party-ID: <sip:a@b>;party=\"13900139000\"",
        "Diversion: <sip:a@b>;reason=busy, 13900139000 <sip:a@b>",
        "Reason: SIP;cause=404;text=\"13900139000 is unknown\"",
        "Subject:\r\n about 13900139000",
        "X-Note without a colon 13900139000",
    ] {
        let masked = with_headers(header);
        for digits in ["13900", "90013", "%31%33"] {
            assert!(!masked.contains(digits), "{digits} in {masked}");
        }
    }
    let refused = masked(b"SIP/2.0 404 13900139000 is unknown\r\n\r\n");
    assert!(!refused.contains("13900"), "{refused}");
}

#[test]
fn a_call_id_that_is_made_of_the_callers_number_does_not_tell_it() {
    let masked = with_headers(
        "Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK13900139000a\r\n\
         From: <sip:+86-139-0013-9000@b>;tag=013900139000\r\nCall-ID: 13900139000-4711471147@c",
    );
    assert!(!masked.contains("13900"), "{masked}");
    assert!(
        masked.contains("Call-ID: xxxxxxxxx00-4711471147@c"),
        "{masked}"
    );
}

#[test]
fn what_opens_something_is_masked_however_it_is_folded_or_spaced() {
    for header in [
        "Authorization: Digest username=\"a\",\r\n response=\"5ec4e7\"",
        "Authorization: Digest username=\"a, 5ec4e7\", response = 5ec4e7",
        "Proxy-Authorization: Digest x=\"response\", response=\"5ec4e7\"",
        "Authorization: Basic 5ec4e7==",
        "Authentication-Info: rspauth=\"5ec4e7\"",
        "Identity: 5ec4e7.5ec4e7;info=<https://a.example>",
        "Contact: <sip:a:5ec4e7@b>",
    ] {
        let masked = with_headers(header);
        assert!(!masked.contains("5ec4e7"), "{masked}");
    }
}

#[test]
fn keys_are_masked_in_any_body_and_behind_bare_line_feeds() {
    let sdp = "v=0\r\nk=clear:5ec4e7\r\na=key-mgmt:mikey 5ec4e7\r\na=ice-pwd:5ec4e7\r\n\
        a=crypto:1 AES inline:5ec4e7|2^20;inline:5ec4e7\r\nm=audio 40000 RTP/AVP 8\r\n";
    let parts = "INVITE sip:a@b SIP/2.0\r\nc: multipart/mixed;boundary=x\r\n\r\n\
        --x\r\nContent-Type: application/sdp\r\n\r\n";
    let bare = "INVITE sip:a@b SIP/2.0\nContent-Type: application/sdp\n\n";
    for message in [format!("{parts}{sdp}--x--\r\n"), format!("{bare}{sdp}")] {
        let masked = masked(message.as_bytes());
        assert_eq!(masked.len(), message.len());
        assert!(!masked.contains("5ec4e7"), "{masked}");
        assert!(masked.contains("m=audio 40000 RTP/AVP 8"), "{masked}");
    }
}

#[test]
fn what_a_person_wrote_is_no_text_of_ours_and_how_far_a_transfer_is_stays() {
    let of = |kind: &str, body: &str| {
        let head = format!("MESSAGE sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\n\r\n");
        masked(format!("{head}{body}").as_bytes())
    };
    let words = of("text/plain", "欠款 of Mr. Wang\r\n");
    assert!(words.ends_with("AAAAAA AA AAA AAAA\r\n"), "{words}");
    let number = of("application/vnd.x+xml", "139001=<n>13900139000</n>\r\n");
    assert!(!number.contains("139"), "{number}");
    let fragment = of(
        "message/sipfrag;version=2.0",
        "SIP/2.0 503 no 13900139000\r\n",
    );
    assert!(
        fragment.ends_with("SIP/2.0 503 no xxxxxxxxx00\r\n"),
        "{fragment}"
    );
}

#[test]
fn addresses_and_parameters_of_the_protocol_stay() {
    for technical in [
        "Contact: sip:1001@10.0.0.2:50600;expires=86400",
        "Contact: <sip:1001@10.0.0.2:50600;transport=tcp>;expires=86400",
        "To: <sip:a@b>;tag=1234567890",
        "Warning: 399 10.0.0.2:50600 \"no such codec\"",
        "Reason: Q.850;cause=16",
        "Record-Route: <sip:10.0.0.2:50600;lr>",
    ] {
        let masked = with_headers(technical);
        assert!(masked.contains(technical), "{technical} not in {masked}");
    }
}

#[test]
fn whatever_comes_keeps_its_length() {
    let mut entropy = crate::words::Entropy::from_seed([7; 32]);
    for length in 0..600 {
        let bytes: Vec<u8> = (0..length)
            .map(|_| entropy.u32().to_le_bytes()[0])
            .collect();
        assert_eq!(masked(&bytes).len(), length);
    }
}
