//! Calls in which something is wrong, each with the verdict it is to get and the time by which.

use std::time::Duration;

use thirdring::media::Codec;
use thirdring::media::codec::{FRAME_SAMPLES, Rate};
use thirdring::media::hearing::{Evidence, HeardOfUs, Verdict};
use thirdring::media::speech_level::SpeechLevel;
use thirdring::words::Entropy;

use super::sounds::{add, babble, noise, pick, samples, share, silence, speech, tone};
use super::speakers::{Speaker, music, set, speakers};
use super::watched::{Call, Slot};

/// A verdict is judged anew every 100 ms.
const CADENCE: Duration = Duration::from_millis(100);

/// All that can be wrong, and nothing.
pub(super) const VERDICTS: [Verdict; 12] = [
    Verdict::TheyDoNotReceive(Evidence::FrozenReports),
    Verdict::NoMedia,
    Verdict::MediaStopped,
    Verdict::DigitalSilence,
    Verdict::SilentCaller,
    Verdict::MusicOrTone,
    Verdict::Clipped,
    Verdict::TooLoud,
    Verdict::TooQuiet,
    Verdict::LineNoise,
    Verdict::Echo,
    Verdict::Fine,
];

/// What the sound goes through.
pub(super) const CODECS: [Codec; 4] = Codec::ALL;

/// How the calls of one verdict differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub(super) number: usize,
    pub(super) codec: Codec,
    /// Noise 10 dB below the sound.
    pub(super) noisy: bool,
}

/// A call, and when its verdict is to be in force.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) call: Call,
    pub(super) by: Duration,
}

impl Variant {
    /// Each verdict `count` times: speakers, codecs and noise in turn.
    pub(super) fn all(count: usize) -> impl Iterator<Item = Self> {
        (0..count).map(|number| Self {
            number,
            codec: CODECS[number % CODECS.len()],
            noisy: number / CODECS.len() % 2 == 1,
        })
    }

    pub(super) fn speaker(self) -> &'static Speaker {
        &speakers()[self.number % speakers().len()]
    }

    /// Somebody speaks for so long, with the noise of this variant under it.
    fn spoken(self, dbov: f32, seconds: f32, entropy: &mut Entropy) -> Vec<f32> {
        let mut sound = speech(self.speaker(), dbov, seconds, 0.5, entropy);
        add(&mut sound, &self.noise(dbov, seconds, entropy));
        sound
    }

    fn noise(self, sound_dbov: f32, seconds: f32, entropy: &mut Entropy) -> Vec<f32> {
        let below = if self.noisy { 10.0 } else { 38.0 };
        noise(sound_dbov - below, seconds, 0.6, entropy)
    }
}

/// The call of a verdict and a variant.
pub(super) fn case(verdict: Verdict, variant: Variant) -> Case {
    let entropy = &mut Entropy::from_number(variant.number as u64 * 31 + 7 + 1_000_003 * set());
    match verdict {
        Verdict::TheyDoNotReceive(_) => not_received(variant, entropy),
        Verdict::NoMedia => Case {
            call: Call::unsent(200),
            by: Duration::from_secs(2),
        },
        Verdict::MediaStopped | Verdict::MediaLate => stopped(variant, entropy),
        Verdict::DigitalSilence => digital_silence(variant, entropy),
        Verdict::SilentCaller => silent_caller(variant, entropy),
        Verdict::MusicOrTone => music_or_tone(variant, entropy),
        Verdict::Clipped => loudness(variant, clipped(variant, entropy)),
        Verdict::TooLoud => loudness(variant, too_loud(variant, entropy)),
        Verdict::TooQuiet => {
            let dbov = -45.5 - 4.0 * share(entropy);
            loudness(variant, variant.spoken(dbov, 14.0, entropy))
        }
        Verdict::LineNoise => line_noise(variant, entropy),
        Verdict::Echo => echo(variant, entropy),
        Verdict::Fine => fine(variant, entropy),
    }
}

fn seconds(seconds: f32) -> Duration {
    Duration::from_secs_f32(seconds)
}

/// Reports that freeze, that miss our block, that do not come any more, that tell of silence; ICMP.
fn not_received(variant: Variant, entropy: &mut Entropy) -> Case {
    let mut call = Call::of(&variant.spoken(-24.0, 28.0, entropy), variant.codec);
    let frame = |seconds: f32| (seconds * 50.0) as usize;
    let report = |seconds: f32, highest, signal_dbm0| {
        let heard = HeardOfUs {
            highest,
            signal_dbm0,
        };
        (frame(seconds), heard)
    };
    let by = match variant.number % 5 {
        0 => {
            call.reports = vec![report(4.0, Some(200), None), report(9.0, Some(200), None)];
            13.0
        }
        1 => {
            call.reports = vec![report(4.0, None, None), report(9.0, None, None)];
            13.0
        }
        2 => {
            call.reports = vec![report(4.0, Some(200), None), report(9.0, Some(450), None)];
            9.0 + 15.1
        }
        3 => {
            let ours = speech(pick(speakers(), entropy), -24.0, 28.0, 0.4, entropy);
            call.ours = ours.iter().map(|sample| *sample as i16).collect();
            let silence = Some(-70 - entropy.below(50) as i8);
            call.reports = vec![
                report(4.0, Some(200), silence),
                report(9.0, Some(450), silence),
            ];
            13.0
        }
        _ => {
            call.unreachable = (0..150).map(|n| 100 + n * 3).collect();
            2.0 + 2.2
        }
    };
    Case {
        call,
        by: seconds(by),
    }
}

fn stopped(variant: Variant, entropy: &mut Entropy) -> Case {
    let length = 3.0 + 4.0 * share(entropy);
    let sound = variant.spoken(-24.0, length, entropy);
    let mut call = Call::of(&sound, variant.codec);
    let last = call.slots.len() as f32 * 0.02;
    call.slots.extend([Slot::Unsent; 250]);
    Case {
        call,
        by: seconds(last + 3.0) + CADENCE,
    }
}

fn digital_silence(variant: Variant, entropy: &mut Entropy) -> Case {
    let mut sound = silence(6.0);
    // A click in a hundred packets, or one codeword of G.711 that is not zero.
    match variant.number % 3 {
        0 => {}
        1 => sound[samples(2.5)] = 3_000.0 * share(entropy),
        _ if variant.codec.rate() == Rate::Narrow => sound.fill(500.0),
        _ => {}
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(3.0) + CADENCE,
    }
}

fn silent_caller(variant: Variant, entropy: &mut Entropy) -> Case {
    let level = if variant.noisy { -36.0 } else { -56.0 };
    let mut sound = match variant.number % 5 {
        0 => noise(level, 9.0, 0.0, entropy),
        1 => noise(level, 9.0, 0.9, entropy),
        2 => tone(&[50.0, 100.0, 150.0], level, 9.0, 9.0, 1.0),
        3 => noise(level - 8.0, 9.0, 0.6, entropy),
        _ => noise(level, 9.0, 0.97, entropy),
    };
    if variant.number % 5 == 3 {
        knock(&mut sound, entropy);
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(5.0) + CADENCE,
    }
}

/// Something is put on a table now and then.
fn knock(sound: &mut [f32], entropy: &mut Entropy) {
    for second in 1..8 {
        let first = samples(second as f32 + share(entropy));
        let burst = noise(-24.0, 0.06, 0.5, entropy);
        add(&mut sound[first..], &burst);
    }
}

fn music_or_tone(variant: Variant, entropy: &mut Entropy) -> Case {
    let dbov = -18.0 - 12.0 * share(entropy);
    let mut sound = match variant.number % 10 {
        0 => tone(&[450.0], dbov, 8.0, 1.0, 4.0),
        1 => tone(&[450.0], dbov, 8.0, 0.35, 0.35),
        2 => tone(&[440.0, 480.0], dbov, 8.0, 2.0, 4.0),
        3 => tone(&[1_100.0], dbov, 8.0, 0.5, 3.0),
        4 => tone(&[2_100.0], dbov, 8.0, 3.3, 0.1),
        _ => piece(dbov, entropy),
    };
    if variant.noisy {
        add(&mut sound, &noise(dbov - 10.0, 8.0, 0.6, entropy));
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(3.0) + CADENCE,
    }
}

/// Eight seconds somewhere within a piece of music.
fn piece(dbov: f32, entropy: &mut Entropy) -> Vec<f32> {
    let piece = pick(music(), entropy);
    let last = piece.len().saturating_sub(samples(12.0));
    let first = samples(2.0) + (share(entropy) * last as f32) as usize;
    let part = piece.iter().skip(first).take(samples(8.0));
    super::sounds::with_power(part.map(|sample| f32::from(*sample)).collect(), dbov)
}

/// Too much gain before the converter.
fn clipped(variant: Variant, entropy: &mut Entropy) -> Vec<f32> {
    let sound = variant.spoken(-4.0 + 4.0 * share(entropy), 9.0, entropy);
    sound.iter().map(|s| s.clamp(-32_767.0, 32_767.0)).collect()
}

/// Very loud, and bent so far before the rails that no codec overshoots them.
fn too_loud(variant: Variant, entropy: &mut Entropy) -> Vec<f32> {
    let sound = variant.spoken(-5.0 + 2.0 * share(entropy), 9.0, entropy);
    sound
        .iter()
        .map(|s| (s / 20_000.0).tanh() * 24_000.0)
        .collect()
}

/// In force when 2 s of speech were heard.
fn loudness(variant: Variant, sound: Vec<f32>) -> Case {
    let mut level = SpeechLevel::new(Rate::Narrow);
    let (mut by, mut frames) = (sound.len(), 0);
    for frame in sound.chunks_exact(FRAME_SAMPLES) {
        let frame: Vec<i16> = frame.iter().map(|sample| *sample as i16).collect();
        level.hear(&frame);
        frames += FRAME_SAMPLES;
        if level.active_ms() >= 2_000 {
            by = frames;
            break;
        }
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(by as f32 / 8_000.0) + CADENCE * 3,
    }
}

/// Noise of 0 to 6 dB below speech, or mains.
fn line_noise(variant: Variant, entropy: &mut Entropy) -> Case {
    let dbov = -22.0 - 6.0 * share(entropy);
    let mut sound = speech(variant.speaker(), dbov, 12.0, 0.8, entropy);
    match variant.number % 4 {
        0 => add(&mut sound, &tone(&[50.0], -32.0, 12.0, 12.0, 1.0)),
        1 => {
            let hum = tone(&[100.0, 150.0], -30.0, 12.0, 12.0, 1.0);
            add(&mut sound, &hum);
        }
        _ => {
            let below = 6.0 * share(entropy);
            let colour = if variant.noisy { 0.9 } else { 0.3 };
            add(&mut sound, &noise(dbov - below, 12.0, colour, entropy));
        }
    }
    if variant.noisy && variant.number % 4 < 2 {
        add(&mut sound, &variant.noise(dbov, 12.0, entropy));
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(6.0),
    }
}

/// They speak once; then only we do, and hear ourselves.
fn echo(variant: Variant, entropy: &mut Entropy) -> Case {
    let rep = pick(speakers(), entropy);
    let opening = 3.0;
    let mut ours = silence(opening);
    ours.extend(speech(rep, -22.0, 12.0, 0.4, entropy));
    let delay = samples(0.02 + 0.4 * share(entropy));
    let loss = 10_f32.powf(-(10.0 + 12.0 * share(entropy)) / 20.0);
    let mut theirs = speech(variant.speaker(), -24.0, opening - 0.5, 0.2, entropy);
    theirs.resize(ours.len(), 0.0);
    for n in delay..ours.len() {
        let (now, later) = (ours[n - delay], ours[n - delay + 1]);
        theirs[n] += loss * (0.7 * now + 0.3 * later);
    }
    let echo_dbov = -22.0 + 20.0 * loss.log10();
    let seconds_in_all = theirs.len() as f32 / 8_000.0;
    add(
        &mut theirs,
        &variant.noise(echo_dbov, seconds_in_all, entropy),
    );
    let mut call = Call::of(&theirs, variant.codec);
    call.ours = ours.iter().map(|sample| *sample as i16).collect();
    Case {
        call,
        by: seconds(opening + 5.0) + CADENCE,
    }
}

/// Nothing is wrong: somebody speaks, with others behind him.
fn fine(variant: Variant, entropy: &mut Entropy) -> Case {
    let dbov = -20.0 - 14.0 * share(entropy);
    let mut sound = speech(variant.speaker(), dbov, 12.0, 2.0, entropy);
    let below: f32 = if variant.noisy { 10.5 } else { 25.0 };
    match variant.number % 3 {
        0 => add(
            &mut sound,
            &babble(speakers(), dbov - below.max(14.0), 12.0, entropy),
        ),
        _ => add(&mut sound, &noise(dbov - below, 12.0, 0.6, entropy)),
    }
    Case {
        call: Call::of(&sound, variant.codec),
        by: seconds(12.0),
    }
}
