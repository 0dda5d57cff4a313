//! An echo call: how both ways are, by what came back.

use std::time::Duration;

use crate::doctor::Finding;
use crate::doctor::echo::Echo;
use crate::ear::Ended;
use crate::words::Sentence;

/// Parts of all packets: 1 % is heard in bad moments, 5 % in every sentence (ITU-T G.113 appendix I, G.711 with
/// concealment).
const LOSS: f64 = 0.01;
const LOSS_TOO_MUCH: f64 = 0.05;
/// There and back: 150 ms each way is unnoticed, 400 ms is the limit (ITU-T G.114).
const DELAY: Duration = Duration::from_millis(300);
const DELAY_TOO_LONG: Duration = Duration::from_millis(800);
/// An echo test changes no level, a PBX's own gain a little.
const LEVEL_OFF_DB: f32 = 6.0;

/// What an echo call brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub answered_after: Duration,
    /// `PCMA` or `PCMU`.
    pub codec: &'static str,
    /// How often the phrase was said, and how loud.
    pub said: usize,
    pub said_dbov: Option<f32>,
    /// Packets.
    pub sent: u32,
    /// By their reports; none where they send none.
    pub there: Option<There>,
    /// None where not one packet came.
    pub back: Option<Back>,
    pub(in crate::doctor) echoes: Vec<Echo>,
}

/// What they had of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct There {
    /// Packets that never came.
    pub lost: u32,
    pub jitter: Duration,
}

/// What we had of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    pub received: u32,
    pub lost: u32,
    pub jitter: Duration,
    /// Our own packets, sent back as they were: what is lost was lost on one way or the other.
    pub is_ours: bool,
}

impl Score {
    /// The middle one of the delays, there and back.
    pub fn delay(&self) -> Option<Duration> {
        let mut delays: Vec<Duration> = self.echoes.iter().map(|echo| echo.delay).collect();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }

    /// The mean level of what came back, dBov.
    pub fn heard_dbov(&self) -> Option<f32> {
        let count = self.echoes.len() as f32;
        let sum: f32 = self.echoes.iter().map(|echo| echo.heard.level_dbov).sum();
        (count > 0.0).then(|| sum / count)
    }

    /// Sayings that came back, whole or not.
    pub fn heard(&self) -> usize {
        self.echoes.len()
    }

    /// Sayings that came back whole, without a hole.
    pub fn whole(&self) -> usize {
        let is_whole =
            |echo: &&Echo| echo.heard.ended == Ended::Whole && echo.heard.gaps.is_empty();
        self.echoes.iter().filter(is_whole).count()
    }
}

/// The gravest last: what an admin reads under the table.
pub(in crate::doctor) fn score(score: &Score) -> Vec<Finding> {
    let of = Sentence::of;
    if score.back.is_none() {
        return vec![Finding::fault(of("doctor.echo.nothing-back"))];
    }
    let mut findings: Vec<Finding> = [
        loss_there(score),
        loss_back(score),
        level(score),
        delay(score),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.extend(sayings(score));
    if findings.is_empty() {
        findings.push(Finding::ok(of("doctor.echo.good")));
    }
    findings
}

fn sayings(score: &Score) -> Option<Finding> {
    let said = |key: &str| {
        Sentence::of(key)
            .with("said", score.said)
            .with("heard", score.heard())
            .with("whole", score.whole())
    };
    if score.echoes.is_empty() {
        return Some(Finding::fault(said("doctor.echo.unheard")));
    }
    (score.whole() < score.said).then(|| Finding::warning(said("doctor.echo.broken")))
}

fn loss_there(score: &Score) -> Option<Finding> {
    let there = score.there?;
    let part = part(there.lost, score.sent);
    graded(
        part,
        "doctor.echo.loss-there",
        "doctor.echo.much-loss-there",
    )
}

fn loss_back(score: &Score) -> Option<Finding> {
    let back = score.back?;
    let part = part(back.lost, back.received + back.lost);
    match back.is_ours {
        true => graded(
            part,
            "doctor.echo.loss-round",
            "doctor.echo.much-loss-round",
        ),
        false => graded(part, "doctor.echo.loss-back", "doctor.echo.much-loss-back"),
    }
}

fn graded(part: f64, some: &str, much: &str) -> Option<Finding> {
    let said = |key: &str| Sentence::of(key).with("lost", percent(part));
    if part >= LOSS_TOO_MUCH {
        Some(Finding::fault(said(much)))
    } else if part >= LOSS {
        Some(Finding::warning(said(some)))
    } else {
        None
    }
}

fn level(score: &Score) -> Option<Finding> {
    let change = score.heard_dbov()? - score.said_dbov?;
    let said = |key: &str| Sentence::of(key).with("by", format!("{:.0} dB", change.abs()));
    match change {
        change if change > LEVEL_OFF_DB => Some(Finding::warning(said("doctor.echo.louder"))),
        change if change < -LEVEL_OFF_DB => Some(Finding::warning(said("doctor.echo.softer"))),
        _ => None,
    }
}

fn delay(score: &Score) -> Option<Finding> {
    let delay = score.delay()?;
    let said = |key: &str| Sentence::of(key).with("delay", format!("{} ms", delay.as_millis()));
    if delay >= DELAY_TOO_LONG {
        Some(Finding::fault(said("doctor.echo.too-late")))
    } else if delay >= DELAY {
        Some(Finding::warning(said("doctor.echo.late")))
    } else {
        None
    }
}

fn part(lost: u32, all: u32) -> f64 {
    f64::from(lost) / f64::from(all.max(1))
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::ear::{Gap, Heard};
    use crate::words::Language;

    fn echo(delay_ms: u64, level_dbov: f32) -> Echo {
        Echo {
            said: 0,
            delay: Duration::from_millis(delay_ms),
            heard: Heard {
                prompt: "greeting".parse().unwrap(),
                language: Language::En,
                began_at_sample: 0,
                ended: Ended::Whole,
                score: 1.0,
                level_dbov,
                gaps: Vec::new(),
            },
        }
    }

    fn good() -> Score {
        Score {
            answered_after: Duration::from_millis(30),
            codec: "PCMA",
            said: 3,
            said_dbov: Some(-24.0),
            sent: 800,
            there: Some(There {
                lost: 0,
                jitter: Duration::ZERO,
            }),
            back: Some(Back {
                received: 800,
                lost: 0,
                jitter: Duration::ZERO,
                is_ours: false,
            }),
            echoes: vec![echo(60, -24.0); 3],
        }
    }

    fn told(score: Score, verdict: Verdict, key: &str) {
        let findings = super::score(&score);
        let key = format!("doctor.echo.{key}");
        let found = findings.iter().find(|it| it.cause.key() == key);
        assert_eq!(found.map(|it| it.verdict), Some(verdict), "{findings:?}");
    }

    #[test]
    fn a_good_line_has_nothing_to_be_told() {
        told(good(), Verdict::Ok, "good");
        let none = score(&good());
        assert_eq!(none.len(), 1);
    }

    #[test]
    fn each_way_has_its_losses() {
        let there = |lost| Score {
            there: Some(There {
                lost,
                jitter: Duration::ZERO,
            }),
            ..good()
        };
        told(there(16), Verdict::Warning, "loss-there");
        told(there(80), Verdict::Fault, "much-loss-there");
        let back = |lost, is_ours| Score {
            back: Some(Back {
                received: 800 - lost,
                lost,
                jitter: Duration::ZERO,
                is_ours,
            }),
            ..good()
        };
        told(back(16, false), Verdict::Warning, "loss-back");
        told(back(80, false), Verdict::Fault, "much-loss-back");
        told(back(16, true), Verdict::Warning, "loss-round");
        told(back(80, true), Verdict::Fault, "much-loss-round");
    }

    #[test]
    fn levels_and_delays_have_their_limits() {
        let with = |delay, level| Score {
            echoes: vec![echo(delay, level); 3],
            ..good()
        };
        told(with(60, -40.0), Verdict::Warning, "softer");
        told(with(60, -10.0), Verdict::Warning, "louder");
        told(with(400, -24.0), Verdict::Warning, "late");
        told(with(900, -24.0), Verdict::Fault, "too-late");
    }

    #[test]
    fn what_does_not_come_back_whole_is_told() {
        let mut hurt = echo(60, -24.0);
        hurt.heard.gaps.push(Gap {
            at_sample: 100,
            samples: 400,
        });
        let echoes = vec![echo(60, -24.0), hurt, echo(60, -24.0)];
        told(Score { echoes, ..good() }, Verdict::Warning, "broken");
        let none = Score {
            echoes: Vec::new(),
            ..good()
        };
        told(none, Verdict::Fault, "unheard");
        let silent = Score {
            back: None,
            ..good()
        };
        told(silent, Verdict::Fault, "nothing-back");
    }
}
