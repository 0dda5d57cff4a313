//! How good the receiving end is: PESQ (P.862, narrow band, raw scale) of a minute of real speech against the same
//! minute played from G.711 without a loss. About 15 s of one core.

use std::time::Duration;

use thirdring::media::{Codec, Law};
use thirdring::words::Moment;

use super::network::{Jitter, Network, Source};
use super::playing::{FRAME, play};
use super::speech::{PIECE_SAMPLES, minute};
use crate::peers::missing::{Need, can_run};

/// More with THIRDRING_SOUND_SEEDS.
const SEEDS: u64 = 5;

/// What a plain buffer of old waits.
const FIXED_DELAY: Duration = Duration::from_millis(40);

struct Case {
    name: &'static str,
    network: Network,
    /// What is asked for.
    wanted: f64,
    /// What is held: nothing of it is to be lost again.
    at_least: f64,
    delay_at_most: Duration,
}

fn cases() -> [Case; 7] {
    let case = |name, loss, burst, wanted, at_least| Case {
        name,
        network: Network {
            loss,
            burst,
            ..Network::default()
        },
        wanted,
        at_least,
        // Bursts are worth waiting for.
        delay_at_most: Duration::from_millis(if burst > 1 { 100 } else { 40 }),
    };
    let jitter = Jitter::Exponential {
        mean: Duration::from_millis(27),
        most: Duration::from_millis(80),
    };
    let network = Network {
        jitter,
        ..Network::default()
    };
    [
        case("clean", 0.0, 1, 4.45, 4.45),
        case("1 % lost", 0.01, 1, 4.24, 4.24),
        case("3 % lost", 0.03, 1, 3.84, 3.98),
        case("5 % lost", 0.05, 1, 3.50, 3.84),
        case("10 % lost", 0.10, 1, 2.80, 3.60),
        case("5 % lost by threes", 0.05, 3, 3.50, 3.50),
        Case {
            name: "jitter of 27 ms",
            network,
            wanted: 4.2,
            at_least: 4.2,
            delay_at_most: Duration::from_millis(120),
        },
    ]
}

/// Of one run.
struct Score {
    pesq: f64,
    zero_filled: f64,
    delay: Duration,
    concealed_ms: u64,
    stretched_ms: u64,
}

#[test]
fn speech_sounds_as_it_should_over_bad_networks() {
    if !can_run(&[Need::Speech]) {
        return;
    }
    let speech = minute();
    let seeds = std::env::var("THIRDRING_SOUND_SEEDS").ok();
    let seeds = seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    println!(
        "seeds 1 to {seeds}\n{:20} wants  PESQ  (worst)  zero-filled  delay  concealed  stretched",
        ""
    );
    let mut short = Vec::new();
    for case in cases() {
        let scores: Vec<Score> = (1..=seeds)
            .map(|seed| score(&case, &speech, seed))
            .collect();
        let mean = |of: fn(&Score) -> f64| scores.iter().map(of).sum::<f64>() / scores.len() as f64;
        let pesq = mean(|score| score.pesq);
        let worst = scores
            .iter()
            .map(|score| score.pesq)
            .fold(f64::MAX, f64::min);
        let delay = mean(|score| score.delay.as_secs_f64() * 1e3);
        println!(
            "{:20} {:.2}   {pesq:.3} ({worst:.3})  {:.3}        {delay:5.1}  {:6.0} ms  {:6.0} ms",
            case.name,
            case.wanted,
            mean(|score| score.zero_filled),
            mean(|score| score.concealed_ms as f64),
            mean(|score| score.stretched_ms as f64),
        );
        if pesq < case.at_least || delay > case.delay_at_most.as_secs_f64() * 1e3 {
            short.push(case.name);
        }
    }
    assert!(short.is_empty(), "not as good as it should be: {short:?}");
}

fn score(case: &Case, speech: &[i16], seed: u64) -> Score {
    let network = Network {
        seed,
        ..case.network
    };
    let sent = Source::default().packets(speech, Moment::ZERO);
    // The tick lies anywhere between two packets.
    let phase = Duration::from_millis(seed * 7 % 20 + 1);
    let start = Moment::ZERO + network.delay + phase;
    let frames = speech.len() / FRAME + 25;
    let heard = play(Codec::Pcmu, &network.carry(sent), start, frames);
    let lossless = lossless(speech);
    let delay_at = |sample: usize| {
        let since_start = heard.delays[sample / FRAME].saturating_sub(phase);
        (since_start.as_micros() / 125) as usize
    };
    Score {
        pesq: pesq(&lossless, &heard.sound, delay_at),
        zero_filled: pesq(&lossless, &zero_filled(&network, &lossless), |_| 0),
        delay: heard.mean_delay(),
        concealed_ms: heard.counts.concealed_ms,
        stretched_ms: heard.counts.shortened_ms + heard.counts.lengthened_ms,
    }
}

fn lossless(speech: &[i16]) -> Vec<i16> {
    let through = |sample: &i16| Law::Mu.decode(Law::Mu.encode(*sample));
    speech.iter().map(through).collect()
}

/// The mean over the pieces; at this sample `heard` is so many samples later than `reference`.
fn pesq(reference: &[i16], heard: &[i16], delay_at: impl Fn(usize) -> usize) -> f64 {
    let pieces = reference.len() / PIECE_SAMPLES;
    let of_piece = |piece: usize| {
        let span = piece * PIECE_SAMPLES..(piece + 1) * PIECE_SAMPLES;
        let delay = delay_at(span.start + PIECE_SAMPLES / 2);
        let later = span.start + delay..span.end + delay;
        let score = pesq::pesq_8k(&reference[span], &heard[later]);
        f64::from(score.expect("speech is in it"))
    };

    (0..pieces).map(of_piece).sum::<f64>() / pieces as f64
}

/// A plain buffer: what is lost, or 40 ms late, is silent.
fn zero_filled(network: &Network, lossless: &[i16]) -> Vec<i16> {
    let sent = Source::default().packets(lossless, Moment::ZERO);
    let first = Source::default().sequence;
    let left: Vec<Moment> = sent.iter().map(|packet| packet.at).collect();
    let mut out = vec![0; lossless.len()];
    for packet in network.carry(sent) {
        let n = usize::from(packet.header.sequence.wrapping_sub(first));
        if packet.at.since(left[n]) <= network.delay + FIXED_DELAY {
            let span = n * FRAME..(n + 1) * FRAME;
            out[span.clone()].copy_from_slice(&lossless[span]);
        }
    }
    out
}
