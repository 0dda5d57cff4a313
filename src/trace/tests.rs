use std::time::Duration;

use jiff::Timestamp;

use super::{Ladder, What, pcap};
use crate::records::{SipMessage, Way};
use crate::words::{Moment, Party};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";

fn message(ms: u64, party: Party, way: Way, text: &str) -> SipMessage {
    let at = Duration::from_millis(ms);
    SipMessage {
        at: Moment::ZERO + at,
        utc: Timestamp::from_second(1_777_867_200).unwrap() + at,
        party,
        way,
        transport: "UDP".to_owned(),
        ours: ([127, 0, 0, 1], 5060).into(),
        theirs: ([127, 0, 0, 2], 5070).into(),
        text: text.to_owned(),
    }
}

fn call() -> Vec<SipMessage> {
    use Party::{Caller, Rep};
    use Way::{Received, Sent};
    let invite = "INVITE sip:xxx00@127.0.0.1 SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n";
    vec![
        message(0, Caller, Received, invite),
        message(
            1,
            Caller,
            Sent,
            "SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n",
        ),
        message(
            2,
            Rep,
            Sent,
            &format!("INVITE sip:rep@127.0.0.2 SIP/2.0\r\nCSeq: 9 INVITE\r\n\r\n{SDP}"),
        ),
        message(500, Caller, Received, invite),
        message(
            800,
            Rep,
            Received,
            "SIP/2.0 486 Busy Here\r\nCSeq: 9 INVITE\r\n\r\n",
        ),
        message(
            900,
            Caller,
            Received,
            "BYE sip:a@b SIP/2.0\r\nReason: Q.850;cause=16;text=\"<x>\"\r\n\r\n",
        ),
        message(901, Caller, Sent, "SIP/2.0 200 OK\r\nCSeq: 2 BYE\r\n\r\n"),
    ]
}

fn ladder() -> Ladder {
    let utc = Timestamp::from_second(1_777_867_200).unwrap();
    let greeted = (
        Moment::ZERO + Duration::from_millis(600),
        utc,
        "state state=greeting".to_owned(),
    );
    Ladder::new(&call(), vec![greeted])
}

fn heads() -> Vec<String> {
    ["客服助手", "the caller", "the rep"]
        .map(str::to_owned)
        .to_vec()
}

#[test]
fn a_ladder_shows_who_said_what_and_what_happened_meanwhile() {
    let expected = "
          客服助手                      the caller                    the rep
    0.000  │◀─────────────────── INVITE ─│                             │
    0.001  │─ 180 Ringing ──────────────▶│                             │
    0.002  │─ INVITE sdp sendonly ────────────────────────────────────▶│
    0.500  │◀───────────────── (INVITE) ─│                             │
    0.600  │                             │                             │  state state=greeting
    0.800  │◀────────────────────────────────────────── 486 Busy Here ─│
    0.900  │◀───────────── BYE cause=16 ─│                             │
    0.901  │─ 200 OK BYE ───────────────▶│                             │";
    let drawn = ladder().lines(&heads()).join("\n");
    assert_eq!(drawn, expected.trim_start_matches('\n'), "\n{drawn}");
}

#[test]
fn all_columns_stand_below_each_other() {
    let lines = ladder().lines(&heads());
    let last = |line: &String| line.chars().position(|c| c == '│');
    let places: Vec<_> = lines.iter().skip(1).map(last).collect();
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[test]
fn what_was_said_again_is_marked() {
    let rows = ladder().rows;
    let repeated: Vec<bool> = rows
        .iter()
        .filter_map(|row| match &row.what {
            What::Message { again, .. } => Some(*again),
            What::Event(_) => None,
        })
        .collect();
    assert_eq!(repeated, [false, false, false, true, false, false, false]);
}

#[test]
fn a_picture_is_well_formed_whatever_was_said() {
    let words = "told \u{1}<&\"".to_owned();
    let ladder = Ladder::new(&call(), vec![(Moment::ZERO, Timestamp::UNIX_EPOCH, words)]);
    let svg = ladder.svg("a <call>", &heads());
    assert!(svg.contains("<title>a &lt;call&gt;</title>"), "{svg}");
    assert!(svg.contains("told \u{fffd}&lt;&amp;&quot;"), "{svg}");
    for (open, close) in [("<text", "</text>"), ("<g ", "</g>"), ("<svg", "</svg>")] {
        assert_eq!(
            svg.matches(open).count(),
            svg.matches(close).count(),
            "{open}"
        );
    }
}

#[test]
fn a_call_of_which_nothing_is_known_is_an_empty_ladder() {
    let ladder = Ladder::new(&[], Vec::new());
    assert_eq!(ladder.lines(&heads()[..1]).len(), 1);
    assert_eq!((ladder.began, ladder.parties.len()), (None, 0));
    assert_eq!(pcap(&[]).len(), 24);
}

#[test]
fn a_capture_counts_every_byte() {
    let messages = call();
    let text: usize = messages.iter().map(|message| message.text.len()).sum();
    // File header; record, IPv4 and UDP headers a message.
    assert_eq!(
        pcap(&messages).len(),
        24 + messages.len() * (16 + 20 + 8) + text
    );
}
