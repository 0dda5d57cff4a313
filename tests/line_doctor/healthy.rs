//! Calls of five minutes in which nothing is wrong, however strange they sound.

use thirdring::media::hearing::{Level, Verdict};
use thirdring::words::Entropy;

use super::faults::CODECS;
use super::sounds::{add, babble, noise, pick, samples, share, silence, speech};
use super::speakers::{set, speakers};
use super::watched::{Call, SILENT_SOUND, Slot, Told};

pub(super) const SECONDS: f32 = 300.0;

/// What makes a healthy call look ill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Oddity {
    Nothing,
    Quiet,
    Babble,
    /// 5 % of the packets lost in bursts of three.
    Loss,
    Mutes,
    Gates,
    /// Sends nothing while silent, and no comfort noise.
    Pauses,
    Noise,
}

pub(super) const ODDITIES: [Oddity; 8] = [
    Oddity::Nothing,
    Oddity::Quiet,
    Oddity::Babble,
    Oddity::Loss,
    Oddity::Mutes,
    Oddity::Gates,
    Oddity::Pauses,
    Oddity::Noise,
];

/// What is below it between the words is taken away by a gate, dBov.
const GATE_DBOV: f32 = -48.0;

/// A healthy call: both speak in turn, the caller within four seconds.
pub(super) fn call(number: usize) -> Call {
    let oddity = ODDITIES[number % ODDITIES.len()];
    let entropy = &mut Entropy::from_number(number as u64 * 977 + 5 + 1_000_003 * set());
    let dbov = match oddity {
        Oddity::Quiet => -36.0 - 3.0 * share(entropy),
        Oddity::Nothing
        | Oddity::Babble
        | Oddity::Loss
        | Oddity::Mutes
        | Oddity::Gates
        | Oddity::Pauses
        | Oddity::Noise => -20.0 - 10.0 * share(entropy),
    };
    let (mut theirs, ours) = conversation(number, dbov, entropy);
    add(&mut theirs, &background(oddity, dbov, entropy));
    let codec = CODECS[number / ODDITIES.len() % CODECS.len()];
    let mut call = Call::of(&theirs, codec);
    call.ours = ours.iter().map(|sample| *sample as i16).collect();
    spoil(&mut call, oddity, entropy);
    call
}

/// Whether what was told accuses somebody: a warning does not, nor silence after a voice.
pub(super) fn is_alarm(told: &Told) -> bool {
    match told.0 {
        Verdict::Fine | Verdict::MediaLate => false,
        Verdict::DigitalSilence => !told.2,
        Verdict::TheyDoNotReceive(_)
        | Verdict::NoMedia
        | Verdict::MediaStopped
        | Verdict::SilentCaller
        | Verdict::MusicOrTone
        | Verdict::Clipped
        | Verdict::TooLoud
        | Verdict::TooQuiet
        | Verdict::LineNoise
        | Verdict::Echo => true,
    }
}

fn conversation(number: usize, dbov: f32, entropy: &mut Entropy) -> (Vec<f32>, Vec<f32>) {
    let caller = &speakers()[number / ODDITIES.len() % speakers().len()];
    let rep = pick(speakers(), entropy);
    let mut theirs = silence(0.5 + 2.5 * share(entropy));
    let mut ours = silence(theirs.len() as f32 / 8_000.0);
    while theirs.len() < samples(SECONDS) {
        let (long, wait) = (2.0 + 6.0 * share(entropy), 0.2 + share(entropy));
        theirs.extend(speech(caller, dbov, long, 1.0, entropy));
        theirs.extend(silence(wait));
        ours.extend(silence(long + wait));
        let (answer, wait) = (2.0 + 12.0 * share(entropy), 0.2 + 2.0 * share(entropy));
        ours.extend(speech(rep, -24.0, answer, 0.6, entropy));
        ours.extend(silence(wait));
        theirs.extend(silence(answer + wait));
    }
    theirs.truncate(samples(SECONDS));
    ours.resize(theirs.len(), 0.0);
    (theirs, ours)
}

fn background(oddity: Oddity, dbov: f32, entropy: &mut Entropy) -> Vec<f32> {
    match oddity {
        Oddity::Babble => babble(speakers(), dbov - 15.0, SECONDS, entropy),
        Oddity::Noise => noise(dbov - 13.0, SECONDS, 0.8, entropy),
        Oddity::Quiet => noise(-62.0, SECONDS, 0.6, entropy),
        Oddity::Nothing | Oddity::Loss | Oddity::Mutes | Oddity::Gates | Oddity::Pauses => {
            noise(-60.0 + 8.0 * share(entropy), SECONDS, 0.6, entropy)
        }
    }
}

fn spoil(call: &mut Call, oddity: Oddity, entropy: &mut Entropy) {
    let (slots, samples) = (&mut call.slots, call.rate.frame_samples());
    match oddity {
        Oddity::Loss => lose(slots, entropy),
        Oddity::Mutes => mute(slots, entropy),
        Oddity::Gates => gate(slots, samples, Slot::Packet(SILENT_SOUND)),
        Oddity::Pauses => gate(slots, samples, Slot::Unsent),
        Oddity::Nothing | Oddity::Quiet | Oddity::Babble | Oddity::Noise => {}
    }
}

fn lose(slots: &mut [Slot], entropy: &mut Entropy) {
    for burst in slots.chunks_mut(3) {
        if share(entropy) < 0.05 {
            burst.fill(Slot::Lost);
        }
    }
}

/// Presses his mute key for up to 20 s, now and then, after the first half minute.
fn mute(slots: &mut [Slot], entropy: &mut Entropy) {
    let mut at = 1_500;
    while at < slots.len() {
        let last = slots.len().min(at + 100 + entropy.below(900) as usize);
        slots[at..last].fill(Slot::Packet(SILENT_SOUND));
        at = last + 500 + entropy.below(2_000) as usize;
    }
}

/// Cuts off what is quiet for more than 200 ms, after the first packets.
fn gate(slots: &mut [Slot], samples: usize, instead: Slot) {
    let mut open = 10;
    for slot in slots.iter_mut() {
        let loud = match slot {
            Slot::Packet(frame) => Level::of(&frame[..samples]).dbov > GATE_DBOV,
            Slot::Lost | Slot::Unsent => false,
        };
        open = if loud { 10_u32 } else { open.saturating_sub(1) };
        if open == 0 {
            *slot = instead;
        }
    }
}
