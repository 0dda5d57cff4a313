//! Who speaks in the generated calls, and where the sound is from.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use thirdring::media::Phrasebook;
use thirdring::media::codec::Rate;
use thirdring::media::speech_level::SpeechLevel;
use thirdring::words::Language;

/// Debian's asterisk-core-sounds-en-wav and asterisk-moh-opsound-wav.
pub(super) const SOUNDS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";
pub(super) const MUSIC: &str = "/usr/share/asterisk/moh";

/// A person: pieces of clean speech at 8 kHz.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) name: &'static str,
    pub(super) says: Vec<Vec<i16>>,
}

/// Which set of calls: 0, or that of THIRDRING_SET, in which others say other things. The limits were found with set 0.
pub(super) fn set() -> u64 {
    static SET: OnceLock<u64> = OnceLock::new();
    *SET.get_or_init(|| {
        let wanted = std::env::var("THIRDRING_SET").ok();
        wanted.map_or(0, |set| set.parse().unwrap())
    })
}

/// Eight people in two languages: our prompts' two voices, slower and faster as well; Debian's Allison; and a synthesiser.
pub(super) fn speakers() -> &'static [Speaker] {
    static SPEAKERS: OnceLock<Vec<Speaker>> = OnceLock::new();
    SPEAKERS.get_or_init(|| {
        let others = set() as usize;
        let (zh, en) = (prompts(Language::ZhCn), prompts(Language::En));
        let voices = SYNTHESISED[others % SYNTHESISED.len()];
        let faster_by = |factor: f32, says: &[Vec<i16>]| match others {
            0 => faster(says, factor),
            _ => faster(says, factor + 0.07),
        };
        vec![
            Speaker {
                name: "zh woman",
                says: zh.clone(),
            },
            Speaker {
                name: "en woman",
                says: en.clone(),
            },
            Speaker {
                name: "zh man",
                says: faster_by(0.8, &zh),
            },
            Speaker {
                name: "en man",
                says: faster_by(0.78, &en),
            },
            Speaker {
                name: "zh girl",
                says: faster_by(1.15, &zh),
            },
            Speaker {
                name: "en Allison",
                says: allison(),
            },
            Speaker {
                name: "zh synthesiser",
                says: synthesised(voices.0, ZH),
            },
            Speaker {
                name: "en synthesiser",
                says: synthesised(voices.1, EN),
            },
        ]
    })
}

/// The synthesiser's voices of each set.
const SYNTHESISED: [(&str, &str); 3] = [
    ("cmn+m3", "en+m7"),
    ("cmn+f2", "en-us+f4"),
    ("cmn+m1", "en-scotland+m4"),
];

const ZH: [&str; 4] = [
    "你好，我想问一下我的账单，能帮我查一下吗？",
    "我上个月已经交过钱了，可是又收到了一个短信。",
    "号码是一三八零零一三八零零零，姓王。",
    "好的，谢谢你，那我等你们的电话。",
];
const EN: [&str; 4] = [
    "Hello, I have a question about my last invoice, can you help me please?",
    "I paid it at the beginning of the month, but then I got another letter.",
    "My number is four four one, seven seven two, and the name is Miller.",
    "All right then, thank you very much, I will wait for your call.",
];

/// Pieces of hold music at 8 kHz, ours first.
pub(super) fn music() -> &'static [Vec<i16>] {
    static MUSIC_READ: OnceLock<Vec<Vec<i16>>> = OnceLock::new();
    MUSIC_READ.get_or_init(|| {
        let ours = Phrasebook::shipped()
            .music(Rate::Narrow)
            .unwrap()
            .samples()
            .to_vec();
        let theirs = files(MUSIC).into_iter().map(|path| wav(Path::new(&path)));
        [ours].into_iter().chain(theirs).collect()
    })
}

/// The samples of a WAV file of 8 kHz, mono, 16 bit.
pub(super) fn wav(path: &Path) -> Vec<i16> {
    let bytes = fs::read(path).unwrap();
    samples(bytes.get(44..).unwrap_or(&[]))
}

pub(super) fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path().display().to_string());
    let mut paths: Vec<String> = paths.filter(|path| path.ends_with(".wav")).collect();
    paths.sort();
    paths
}

/// The sound with an active speech level of `dbov`.
pub(super) fn at_level(sound: &[i16], dbov: f32) -> Vec<f32> {
    let mut level = SpeechLevel::new(Rate::Narrow);
    level.hear(sound);
    let gain = 10_f32.powf((dbov - level.dbov().unwrap_or(dbov)) / 20.0);
    sound
        .iter()
        .map(|sample| f32::from(*sample) * gain)
        .collect()
}

fn prompts(language: Language) -> Vec<Vec<i16>> {
    let book = Phrasebook::shipped();
    let clips = book.ids().map(|id| book.clip(id, language).unwrap());
    let long = clips.filter(|clip| clip.len() > 12_000);
    let says: Vec<Vec<i16>> = long.map(|clip| clip.samples().to_vec()).collect();
    of_set(says)
}

/// Twenty-four pieces, of each set others, as far as there are so many.
fn of_set(says: Vec<Vec<i16>>) -> Vec<Vec<i16>> {
    let first = set() as usize * 24 % says.len().max(1);
    let turned = says.iter().cycle().skip(first);
    turned.take(says.len().min(24)).cloned().collect()
}

fn allison() -> Vec<Vec<i16>> {
    let all = files(SOUNDS).into_iter().map(|path| wav(Path::new(&path)));
    of_set(
        all.filter(|sound| (16_000..60_000).contains(&sound.len()))
            .collect(),
    )
}

fn synthesised(voice: &str, sentences: [&str; 4]) -> Vec<Vec<i16>> {
    let spoken = sentences.map(|sentence| {
        let speak = Command::new("espeak-ng")
            .args(["-v", voice, "--stdout", sentence])
            .output()
            .unwrap();
        // espeak-ng speaks at 22,050 Hz.
        resampled(
            &samples(speak.stdout.get(44..).unwrap_or(&[])),
            22_050.0 / 8_000.0,
        )
    });
    spoken.to_vec()
}

fn faster(says: &[Vec<i16>], factor: f32) -> Vec<Vec<i16>> {
    says.iter().map(|sound| resampled(sound, factor)).collect()
}

/// Every `step`-th sample, averaged over the step where it is longer than one.
fn resampled(sound: &[i16], step: f32) -> Vec<i16> {
    let count = (sound.len() as f32 / step) as usize;
    let sample = |n: usize| f32::from(sound.get(n).copied().unwrap_or(0));
    (0..count)
        .map(|n| {
            let at = n as f32 * step;
            let (first, part) = (at as usize, at.fract());
            let parts = step.ceil().max(1.0) as usize;
            let between =
                |k: usize| sample(first + k) * (1.0 - part) + sample(first + k + 1) * part;
            ((0..parts).map(between).sum::<f32>() / parts as f32) as i16
        })
        .collect()
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    let pairs = bytes.as_chunks::<2>().0;
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}
