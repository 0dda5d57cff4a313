//! Writes what the meter's callers say: `sounds FOLDER` makes voice.pcmu, voice.opus, music.pcmu.
//!
//! Of each packet of 20 ms the length in two bytes, the low one first, and the payload.
#![expect(
    clippy::print_stdout,
    reason = "a benchmark tells the folder it wrote to"
)]

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thirdring::media::prompts::{Loudness, Shape, Sound};
use thirdring::media::{Codec, Encoder, Rate};
use thirdring::words::Entropy;

const PROMPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/prompts");
/// Of speech and pauses.
const VOICE_SECONDS: usize = 240;
const LISTENS_SECONDS_MAX: usize = 3;
/// A telephone is never quite silent: peaks of -60 dBov.
const NOISE_PEAK: u16 = 32;
/// More than any packet has.
const PACKET_ROOM: usize = 160;

fn main() {
    // Cargo adds --bench.
    let folder = std::env::args().skip(1).find(|it| !it.starts_with("--"));
    let folder = PathBuf::from(folder.expect("usage: sounds FOLDER"));
    write(
        &folder.join("voice.pcmu"),
        Codec::Pcmu,
        &voice(Rate::Narrow),
    );
    write(&folder.join("voice.opus"), Codec::Opus, &voice(Rate::Wide));
    write(&folder.join("music.pcmu"), Codec::Pcmu, &music());
    println!("{}", folder.display());
}

/// Somebody who says the phrases of both languages in turn, and after each listens for as long, but not so long that he
/// would be taken for silent.
fn voice(rate: Rate) -> Vec<i16> {
    let wanted = VOICE_SECONDS * rate.hz() as usize;
    let mut noise = Entropy::from_number(1);
    let mut voice = Vec::with_capacity(wanted);
    for file in phrases().iter().cycle() {
        let phrase = spoken(file, rate);
        voice.extend_from_slice(&phrase);
        let pause = phrase.len().min(LISTENS_SECONDS_MAX * rate.hz() as usize);
        voice.extend((0..pause).map(|_| hiss(&mut noise)));
        if voice.len() >= wanted {
            break;
        }
    }
    voice.truncate(wanted);
    voice
}

fn hiss(noise: &mut Entropy) -> i16 {
    (noise.u16() % (2 * NOISE_PEAK)).cast_signed() - NOISE_PEAK.cast_signed()
}

fn phrases() -> Vec<PathBuf> {
    let [chinese, english] = ["zh-CN", "en"].map(|language| {
        let files = fs::read_dir(Path::new(PROMPTS).join(language)).expect("the phrases are there");
        let files = files.map(|file| file.expect("the folder can be read").path());
        let mut files: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|end| end == "flac"))
            .collect();
        files.sort();
        files
    });
    let pairs = chinese.into_iter().zip(english);
    pairs.flat_map(<[PathBuf; 2]>::from).collect()
}

fn spoken(file: &Path, rate: Rate) -> Vec<i16> {
    levelled(file, rate, (Loudness::Phrase, Shape::Phrase))
}

fn music() -> Vec<i16> {
    let bed = Path::new(PROMPTS).join("music/bed.flac");
    levelled(&bed, Rate::Narrow, (Loudness::Music, Shape::Loop))
}

fn levelled(file: &Path, rate: Rate, (loudness, shape): (Loudness, Shape)) -> Vec<i16> {
    let sound = fs::read(file).map(Bytes::from).expect("it can be read");
    let sound = Sound::read(sound).expect("our recordings are sound");
    let gain = sound.gain(loudness).expect("it has a level");
    sound.levelled(rate, gain, shape).expect("it has a rate")
}

fn write(file: &Path, codec: Codec, sound: &[i16]) {
    let mut encoder = Encoder::new(codec);
    let mut packet = [0; PACKET_ROOM];
    let mut bytes = Vec::new();
    for frame in sound.chunks_exact(codec.rate().frame_samples()) {
        let length = encoder.encode(frame, &mut packet);
        let short = u16::try_from(length).expect("a packet is short");
        bytes.extend_from_slice(&short.to_le_bytes());
        bytes.extend_from_slice(&packet[..length]);
    }
    fs::write(file, bytes).expect("the folder can be written");
}
