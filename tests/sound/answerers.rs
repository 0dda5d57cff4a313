//! Who answers our call: a person must not be taken for a machine.
//!
//! The answers of `tests/sounds/answers` and all shipped phrases, each as a person says it (a word, then he waits) or a
//! machine (it speaks on, then beeps); loud and faint, in noise, with our own words coming back.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::fs;

use thirdring::media::hearing::{Answerer, Sign};
use thirdring::media::prompts::Sound;
use thirdring::media::{Law, Rate};
use thirdring::words::{Entropy, Language};

use crate::peers::hearing::spoken;

/// Samples of a frame, and of a second.
const FRAME: usize = 160;
const SECOND: usize = 8_000;

/// What we say into his pause.
const OURS: &str = "callback_open_promise";

/// How an answer comes.
#[derive(Clone, Copy, Debug)]
struct Line {
    name: &'static str,
    gain_db: f32,
    /// Noise under it, dBov.
    noise_dbov: f32,
    /// Our words come back by so much less, dB; none where nothing comes back.
    echo_db: Option<f32>,
}

const LINES: [Line; 6] = [
    line("plain", 0.0, -75.0, None),
    line("loud", 12.0, -60.0, None),
    line("faint", -14.0, -70.0, None),
    line("in noise", 0.0, -45.0, None),
    line("echo", 0.0, -65.0, Some(-12.0)),
    line("faint, echo", -10.0, -65.0, Some(-20.0)),
];

const fn line(name: &'static str, gain_db: f32, noise_dbov: f32, echo_db: Option<f32>) -> Line {
    Line {
        name,
        gain_db,
        noise_dbov,
        echo_db,
    }
}

/// What a call sounds like after the answer, and where we speak.
struct Call {
    sound: Vec<f32>,
    ours: Option<usize>,
}

impl Call {
    /// He says it half a second after he picked up, and waits; we begin when he has been quiet for 300 ms (D14).
    fn of_person(words: &[i16], line: Line) -> Self {
        let mut sound = vec![0.0; SECOND / 2];
        sound.extend(words.iter().map(|sample| f32::from(*sample)));
        let ours = sound.len() + 3 * SECOND / 10;
        sound.resize(sound.len() + 5 * SECOND, 0.0);
        Self {
            sound,
            ours: Some(ours),
        }
        .over(line)
    }

    /// It speaks on, beeps, and records.
    fn of_machine(words: &[i16], line: Line) -> Self {
        let mut sound = vec![0.0; SECOND / 2];
        sound.extend(words.iter().map(|sample| f32::from(*sample)));
        sound.resize(sound.len() + SECOND / 2, 0.0);
        sound.extend(tone(1_000.0, 300));
        sound.resize(sound.len() + 2 * SECOND, 0.0);
        // We wait for a pause, for three seconds at most, and speak then all the same (D14).
        Self {
            sound,
            ours: Some(4 * SECOND),
        }
        .over(line)
    }

    fn over(mut self, line: Line) -> Self {
        let gain = factor(line.gain_db);
        let mut chance = Entropy::from_number(5);
        // Uniform noise of amplitude A has the power A^2 / 3.
        let noise = factor(line.noise_dbov) * 32_768.0 * 3_f32.sqrt();
        for sample in &mut self.sound {
            *sample = *sample * gain + (f32::from(chance.u16()) / 32_768.0 - 1.0) * noise;
        }
        if let (Some(echo_db), Some(from)) = (line.echo_db, self.ours) {
            let ours = spoken(Language::ZhCn, OURS);
            // By way of two exchanges: 200 ms.
            for (to, ours) in self.sound.iter_mut().skip(from + SECOND / 5).zip(ours) {
                *to += f32::from(ours) * factor(echo_db);
            }
        }
        self
    }

    /// The signs, each with its second.
    fn heard(&self) -> Vec<(Sign, f32)> {
        let mut answerer = Answerer::new();
        answerer.answered();
        let ours = self.ours.unwrap_or(usize::MAX);
        let length = spoken(Language::ZhCn, OURS).len();
        let frames = self.sound.chunks_exact(FRAME).enumerate();
        let signs = frames.filter_map(|(n, frame)| {
            let coded: Vec<i16> = frame.iter().map(|sample| coded(*sample)).collect();
            let at = n * FRAME;
            let we_speak = (ours..ours.saturating_add(length)).contains(&at);
            let sign = answerer.hear(&coded, Rate::Narrow, we_speak)?;
            Some((sign, at as f32 / SECOND as f32))
        });
        signs.collect()
    }
}

fn factor(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

fn coded(sample: f32) -> i16 {
    Law::A.decode(Law::A.encode(sample.clamp(-32_768.0, 32_767.0) as i16))
}

/// At -20 dBov.
fn tone(hz: f32, ms: usize) -> impl Iterator<Item = f32> {
    (0..ms * 8).map(move |n| (n as f32 * hz * TAU / 8_000.0).sin() * 4_600.0)
}

/// Recorded answers whose names begin so.
fn answers(of: &str) -> Vec<(String, Vec<i16>)> {
    let files = fs::read_dir("tests/sounds/answers").expect("the answers are here");
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let name = |path: &std::path::Path| Some(path.file_stem()?.to_str()?.to_owned());
    let mut answers: Vec<_> = files
        .filter_map(|path| Some((name(&path)?, path)))
        .filter(|(name, _)| name.starts_with(of))
        .map(|(name, path)| {
            let bytes = fs::read(path).expect("an answer");
            let sound = Sound::read(bytes.into()).expect("an answer");
            (name, sound.at(Rate::Narrow).expect("an answer"))
        })
        .collect();
    answers.sort();
    answers
}

/// All phrases that last as long.
fn phrases(seconds: std::ops::Range<f32>) -> Vec<(String, Vec<i16>)> {
    let folder = |language: Language| format!("config/prompts/{}", language.tag());
    let all = Language::ALL.into_iter().flat_map(|language| {
        let files = fs::read_dir(folder(language)).expect("the prompts are shipped");
        let ids = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        let ids: Vec<String> = ids
            .filter_map(|name| Some(name.strip_suffix(".flac")?.to_owned()))
            .collect();
        ids.into_iter()
            .map(move |id| (format!("{language} {id}"), spoken(language, &id)))
    });
    let length = |words: &[i16]| words.len() as f32 / SECOND as f32;
    let mut phrases: Vec<_> = all
        .filter(|(_, it)| seconds.contains(&length(it)))
        .collect();
    phrases.sort();
    phrases
}

/// Counts calls by what was found first of: person, machine, beep.
fn tally(
    calls: &[(String, Vec<i16>)],
    play: fn(&[i16], Line) -> Call,
    wrong: impl Fn(&[(Sign, f32)]) -> bool,
) -> (BTreeMap<&'static str, usize>, usize) {
    let mut wrongs: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (name, words) in calls {
        for line in LINES {
            let heard = play(words, line).heard();
            if wrong(&heard) {
                println!("{name}, {}: {heard:?}", line.name);
                *wrongs.entry(line.name).or_default() += 1;
            }
        }
    }
    let all = wrongs.values().sum();
    (wrongs, all)
}

fn is_machine(heard: &[(Sign, f32)]) -> bool {
    heard
        .iter()
        .any(|(sign, _)| matches!(sign, Sign::Machine | Sign::Beep | Sign::Fax))
}

#[test]
fn no_person_is_taken_for_a_machine() {
    let mut people = answers("person");
    // What a person says in one breath.
    people.extend(phrases(0.0..2.4));
    let (by_line, wrong) = tally(&people, Call::of_person, |heard| {
        is_machine(heard) || !heard.iter().any(|(sign, _)| *sign == Sign::Person)
    });
    let calls = people.len() * LINES.len();
    println!("people: {calls} calls, {wrong} false machine verdicts {by_line:?}");
    assert_eq!(wrong, 0);
}

#[test]
fn machines_are_found_before_we_would_be_joined_to_them() {
    let mut machines = answers("machine");
    machines.extend(phrases(4.0..30.0));
    let found = |heard: &[(Sign, f32)]| heard.iter().any(|(sign, _)| *sign == Sign::Machine);
    let (by_line, missed) = tally(&machines, Call::of_machine, |heard| !found(heard));
    let beeps =
        |heard: &[(Sign, f32)]| heard.iter().filter(|(sign, _)| *sign == Sign::Beep).count();
    let (by_beep, unbeeped) = tally(&machines, Call::of_machine, |heard| beeps(heard) != 1);
    let calls = machines.len() * LINES.len();
    println!(
        "machines: {calls} calls, {missed} missed {by_line:?}, {unbeeped} beeps wrong {by_beep:?}"
    );
    assert!(missed * 20 <= calls, "{missed} of {calls}");
    assert!(unbeeped * 50 <= calls, "{unbeeped} of {calls}");
}
