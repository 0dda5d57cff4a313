//! What the judge makes of evidence that is written here.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::evidence::{Evidence, moments};
use super::judge::{Verdict, judge};
use super::scenario::{Event, Scenario};
use super::spoiling::MediaFault;
use crate::ear::{Ended, Heard, Repertoire, hear_all};
use crate::impairment::Path;
use crate::media::{Codec, FRAME_SAMPLES, FRAME_TIME};
use crate::phone::{Arrived, Diary, HeardPhrase, Progress, Tape, Way};
use crate::words::{Entropy, Key, Language, Moment};

static NOTHING_KNOWN: LazyLock<Arc<Repertoire>> =
    LazyLock::new(|| Arc::new(Repertoire::new(Vec::new())));

fn ms(ms: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(ms)
}

fn scenario(expectations: &str) -> Scenario {
    let text = format!(
        "title = \"a test\"\nlanguage = \"en\"\ntarget = \"sip:x@127.0.0.1:5060\"\n\n[phone.caller]\n\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\n\n{expectations}"
    );
    let read = Scenario::read("test.toml", &text, "".as_ref(), None);
    read.unwrap_or_else(|faults| panic!("{faults}"))
}

/// A call that rings at 50 ms, is answered at 6 s and acknowledged 10 ms later; 20 s of digital silence come.
struct Life {
    diary: Diary,
    tape: Tape,
}

impl Life {
    fn new() -> Self {
        let mut diary = Diary {
            last_end: Progress::HungUp { by_us: false },
            ..Diary::default()
        };
        let message = |start: &str, cseq: &str| {
            format!(
                "{start}\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\n\
                 Call-ID: c\r\nCSeq: {cseq}\r\nContact: <sip:b@127.0.0.1:5062>\r\nContent-Length: 0\r\n\r\n"
            )
        };
        let passed = [
            (0, Way::Sent, "INVITE sip:b@x SIP/2.0", "1 INVITE"),
            (500, Way::Sent, "INVITE sip:b@x SIP/2.0", "1 INVITE"),
            (50, Way::Received, "SIP/2.0 180 Ringing", "1 INVITE"),
            (6_000, Way::Received, "SIP/2.0 200 OK", "1 INVITE"),
            (6_010, Way::Sent, "ACK sip:b@x SIP/2.0", "1 ACK"),
            (6_500, Way::Received, "SIP/2.0 200 OK", "1 INVITE"),
            (30_000, Way::Received, "BYE sip:a@x SIP/2.0", "7 BYE"),
            (30_001, Way::Sent, "SIP/2.0 200 OK", "7 BYE"),
        ];
        for (at, way, start, cseq) in passed {
            diary.note_message(way, message(start, cseq).as_bytes(), ms(at));
        }
        let arrivals = (0..1_000_u64).map(|n| Arrived {
            sample: n as usize * 160,
            at: ms(6_020 + 20 * n),
            codec: Codec::Pcma,
        });
        let tape = Tape {
            samples: vec![8; 160_000],
            arrivals: arrivals.collect(),
        };
        Self { diary, tape }
    }

    fn hears(mut self, phrase: &str, at: u64) -> Self {
        let heard = Heard {
            prompt: phrase.parse().unwrap(),
            language: Language::En,
            began_at_sample: 0,
            ended: Ended::Whole,
            score: 1.0,
            level_dbov: -26.0,
            gaps: Vec::new(),
        };
        self.diary.heard.push(HeardPhrase {
            heard,
            ssrc: 1,
            rtp_timestamp: 0,
            at: ms(at),
        });
        self
    }

    /// Something on the tape, from that moment on.
    fn sounds(mut self, at: u64, sound: impl Fn(usize) -> i16) -> Self {
        let from = (at as usize - 6_020) * 8;
        for (n, sample) in self.tape.samples[from..]
            .iter_mut()
            .take(16_000)
            .enumerate()
        {
            *sample = sound(n);
        }
        self
    }

    fn verdicts(self, expectations: &str) -> Vec<Verdict> {
        let scenario = scenario(expectations);
        let evidence = Evidence::new(self.diary, self.tape, &scenario);
        let lived = BTreeMap::from([("caller".to_owned(), evidence)]);
        judge(&scenario, &lived, &NOTHING_KNOWN)
    }

    /// Whether the one expectation is met, and which fault is named.
    fn verdict(self, expectation: &str) -> (bool, Option<MediaFault>) {
        let text = format!("[[expect]]\nwho = \"caller\"\n{expectation}\n");
        let verdicts = self.verdicts(&text);
        (verdicts[0].is_met, verdicts[0].fault)
    }
}

const MET: (bool, Option<MediaFault>) = (true, None);
const UNMET: (bool, Option<MediaFault>) = (false, None);

fn unmet(fault: MediaFault) -> (bool, Option<MediaFault>) {
    (false, Some(fault))
}

#[test]
fn a_phrase_is_due_so_long_after_a_sip_moment() {
    let due = "hears = \"greeting\"\nat = \"100ms\"\nfrom = \"ack\"\nwithin = \"50ms\"";
    assert_eq!(Life::new().hears("greeting", 6_150).verdict(due), MET);
    let early = Life::new().hears("greeting", 6_040).verdict(due);
    assert_eq!(early, unmet(MediaFault::Shifted));
    let never = "hears = \"greeting\"\nat = \"1s\"\nfrom = \"486\"";
    assert_eq!(Life::new().hears("greeting", 6_150).verdict(never), UNMET);
}

#[test]
fn a_phrase_is_due_so_long_after_the_one_before() {
    let greeting = Duration::from_micros(
        scenario("").length(&"greeting".parse().unwrap(), Language::En) as u64 * 125,
    );
    let ended = 6_100 + greeting.as_millis() as u64;
    let due = "hears = \"please_speak\"\nat = \"3s\"\nfrom = \"last-phrase\"\nwithin = \"100ms\"";
    let life = |at| {
        Life::new()
            .hears("greeting", 6_100)
            .hears("please_speak", at)
    };
    assert_eq!(life(ended + 3_050).verdict(due), MET);
    assert_eq!(life(ended + 3_150).verdict(due), unmet(MediaFault::Shifted));
}

#[test]
fn what_is_said_again_at_once_is_doubled_unless_it_is_expected_again() {
    let once = "hears = \"greeting\"";
    let twice = || {
        Life::new()
            .hears("greeting", 6_100)
            .hears("greeting", 7_900)
    };
    assert_eq!(twice().verdict(once), unmet(MediaFault::Doubled));
    let again = format!("{once}\n[[expect]]\nwho = \"caller\"\n{once}\nnth = 2");
    assert_eq!(twice().verdict(&again), MET);
    let later = Life::new()
        .hears("greeting", 6_100)
        .hears("greeting", 20_000);
    assert_eq!(later.verdict(once), MET);
}

#[test]
fn phrases_that_change_places_are_out_of_order() {
    let due = |phrase, at| {
        format!(
            "[[expect]]\nwho = \"caller\"\nhears = \"{phrase}\"\nat = \"{at}\"\nfrom = \"ack\"\n"
        )
    };
    let life = Life::new()
        .hears("please_speak", 6_010)
        .hears("greeting", 12_010);
    let verdicts = life.verdicts(&(due("greeting", "0s") + &due("please_speak", "6s")));
    let faults: Vec<_> = verdicts.iter().map(|verdict| verdict.fault).collect();
    assert_eq!(faults, [Some(MediaFault::Reordered); 2]);
    let order = "hears_in_order = [\"greeting\", \"please_speak\"]";
    let life = Life::new()
        .hears("please_speak", 6_010)
        .hears("greeting", 12_010);
    assert_eq!(life.verdict(order), unmet(MediaFault::Reordered));
    let life = Life::new()
        .hears("greeting", 6_010)
        .hears("please_speak", 12_010);
    assert_eq!(life.verdict(order), MET);
}

#[test]
fn what_was_not_heard_was_muted_if_silence_came_and_one_way_if_nothing_did() {
    let due = "hears = \"greeting\"\nat = \"0s\"\nfrom = \"ack\"";
    assert_eq!(Life::new().verdict(due), unmet(MediaFault::Muted));
    let other = |n: usize| if n % 20 < 10 { 3_000 } else { -3_000 };
    assert_eq!(Life::new().sounds(6_020, other).verdict(due), UNMET);
    let mut deaf = Life::new();
    deaf.tape = Tape::default();
    assert_eq!(deaf.verdict(due), unmet(MediaFault::OneWay));
}

#[test]
fn a_phrase_has_its_level_and_so_has_a_stretch_of_sound() {
    let phrase = |level| format!("hears = \"greeting\"\nlevel = {level}\nwithin_db = 2");
    let life = || Life::new().hears("greeting", 6_100);
    assert_eq!(life().verdict(&phrase("-27")), MET);
    assert_eq!(life().verdict(&phrase("-20")), UNMET);
    let square = |n: usize| if n % 20 < 10 { 3_277 } else { -3_277 };
    let stretch = "level = -20\nat = \"1s\"\nfrom = \"ack\"";
    assert_eq!(Life::new().sounds(7_000, square).verdict(stretch), MET);
    assert_eq!(Life::new().verdict(stretch), UNMET);
}

#[test]
fn silence_and_a_tone_are_told_apart() {
    let tone = |n: usize| ((n as f32 * 440.0 / 8_000.0 * std::f32::consts::TAU).sin() * 8e3) as i16;
    let silence = "silence = \"1s\"\nat = \"1s\"\nfrom = \"ack\"";
    let of_440 = "tone = 440\nat = \"1s\"\nfrom = \"ack\"";
    assert_eq!(Life::new().verdict(silence), MET);
    // Nothing comes after 26 s.
    let long = silence.replace("\"1s\"\nat", "\"25s\"\nat");
    assert_eq!(Life::new().verdict(&long), UNMET);
    assert_eq!(Life::new().verdict(of_440), UNMET);
    assert_eq!(Life::new().sounds(7_000, tone).verdict(silence), UNMET);
    assert_eq!(Life::new().sounds(7_000, tone).verdict(of_440), MET);
    assert_eq!(
        Life::new()
            .sounds(7_000, tone)
            .verdict(&of_440.replace("440", "425")),
        UNMET
    );
}

#[test]
fn signalling_is_judged_by_status_time_and_header() {
    let verdict = |expectation: &str| Life::new().verdict(expectation);
    assert_eq!(verdict("status = 200\nat = \"6s\"\nwithin = \"10ms\""), MET);
    assert_eq!(
        verdict("status = 200\nat = \"5s\"\nfrom = \"180\"\nwithin = \"10ms\""),
        UNMET
    );
    assert_eq!(verdict("status = 486"), UNMET);
    assert_eq!(
        verdict("header = \"contact\"\nlike = \"<sip:b@*:5062>\""),
        MET
    );
    assert_eq!(
        verdict("header = \"Contact\"\nlike = \"<sip:c@*\"\nin = \"invite\""),
        UNMET
    );
    assert_eq!(verdict("ended = \"by-them\""), MET);
    assert_eq!(verdict("ended = \"by-us\""), UNMET);
    let after = |at| format!("ended = \"by-them\"\nat = \"{at}\"\nfrom = \"200\"");
    assert_eq!(verdict(&after("24s")), MET);
    assert_eq!(verdict(&after("23s")), UNMET);
}

#[test]
fn sound_is_judged_by_its_codec_and_its_holes() {
    let verdict = |expectation| Life::new().verdict(expectation);
    assert_eq!(verdict("codec = \"pcma\""), MET);
    assert_eq!(verdict("codec = \"pcmu\""), UNMET);
    assert_eq!(verdict("gap = \"20ms\""), MET);
    let mut holed = Life::new();
    holed.tape.arrivals.drain(300..310);
    assert_eq!(holed.verdict("gap = \"200ms\""), UNMET);
    let mut deaf = Life::new();
    deaf.tape = Tape::default();
    assert_eq!(deaf.verdict("gap = \"200ms\""), UNMET);
}

/// What comes of a sound that is sent in frames of 20 ms, in virtual time; from half of it on in the other weather.
fn carried(sound: &[i16], [first, then]: [&str; 2]) -> Vec<i16> {
    let mut path = Path::new(first.parse().unwrap(), Entropy::from_number(7));
    let mut came = vec![0; sound.len()];
    let mut place = |datagram: Vec<u8>| {
        let n = u32::from_be_bytes(datagram.try_into().unwrap()) as usize;
        let frame = n * FRAME_SAMPLES..(n + 1) * FRAME_SAMPLES;
        came[frame.clone()].copy_from_slice(&sound[frame]);
    };
    let frames = (sound.len() / FRAME_SAMPLES) as u32;
    for n in 0..frames {
        let now = Moment::ZERO + FRAME_TIME * n;
        if n == frames / 2 {
            path.change(then.parse().unwrap());
        }
        path.take(&n.to_be_bytes(), now);
        while let Some(datagram) = path.poll(now) {
            place(datagram);
        }
    }
    while let Some(datagram) = path.poll(Moment::from_nanos(u64::MAX)) {
        place(datagram);
    }
    came
}

#[test]
fn the_ear_hears_the_losses_of_a_relay_and_not_its_delays() {
    let expected = "[[expect]]\nwho = \"caller\"\nhears = \"greeting\"\n";
    let scenario = scenario(expected);
    let greeting = "greeting".parse().unwrap();
    let clip = scenario.clip(&greeting, Language::En).unwrap();
    let line = [&[0; 8_000], clip.samples(), &[0; 16_000]].concat();
    let heard = |weather| {
        let heard = hear_all(scenario.repertoire(), &carried(&line, weather));
        let heard = heard.into_iter().filter(|it| it.prompt == greeting);
        let how = |it: Heard| (it.ended == Ended::Whole, it.gaps.is_empty());
        heard.map(how).collect::<Vec<_>>()
    };
    let late = "delay 60ms, jitter 40ms, reorder 2%, duplicate 2%";
    assert_eq!(heard([late; 2]), [(true, true)]);
    assert_eq!(heard(["loss 20%, burst 5"; 2]), [(true, false)]);
    assert_eq!(heard(["clear", "block"]), [(false, true)]);
    assert_eq!(heard(["block"; 2]), []);
}

#[test]
fn keys_are_those_that_were_pressed_and_no_others() {
    let pressed = || {
        let mut life = Life::new();
        life.diary.keys = vec![(Key::ONE, ms(7_000)), (Key::TWO, ms(8_000))];
        life
    };
    assert_eq!(pressed().verdict("keys = \"12\""), MET);
    assert_eq!(pressed().verdict("keys = \"1\""), UNMET);
    let first = |at| format!("keys = \"12\"\nat = \"{at}\"\nfrom = \"200\"");
    assert_eq!(pressed().verdict(&first("1s")), MET);
    assert_eq!(pressed().verdict(&first("2s")), UNMET);
}

#[test]
fn repeated_messages_happen_once_and_rings_end_after_their_tone() {
    let life = Life::new();
    let scenario = scenario("");
    let at = |event| moments(&life.diary, &event, &scenario);
    assert_eq!(at(Event::Invite), [ms(0)]);
    assert_eq!(at(Event::Status(200)), [ms(6_000)]);
    assert_eq!(at(Event::Ring(1)), [ms(1_050)]);
    assert_eq!(at(Event::Ring(3)), [ms(11_050)]);
    assert_eq!(at(Event::Ended), [ms(30_000)]);
}
