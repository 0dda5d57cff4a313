//! The sums of all offices, as they are printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use thirdring::failpoint::Failpoint;

use super::desk::How;
use super::office::Report;
use super::verdict::Verdict;

#[derive(Default)]
pub(super) struct Figures {
    pub(super) hits: BTreeMap<Failpoint, usize>,
    at_any_moment: usize,
    /// Starts without a store.
    pub(super) by_themselves: usize,
    pub(super) acknowledged: usize,
    /// By state.
    rows: BTreeMap<String, usize>,
    pub(super) verdict: Verdict,
    /// In order.
    readies: Vec<Duration>,
    answers: Vec<Duration>,
}

impl Figures {
    pub(super) fn of(reports: &[Report]) -> Self {
        let mut all = Self::default();
        for report in reports {
            all.add(report);
        }
        all.readies.sort_unstable();
        all.answers.sort_unstable();
        all
    }

    fn add(&mut self, report: &Report) {
        for round in report.rounds.values().flatten() {
            match round.death.how {
                How::AtPoint(point) => *self.hits.entry(point).or_default() += 1,
                How::AtAnyMoment => self.at_any_moment += 1,
                How::ByItself => self.by_themselves += 1,
            }
            self.readies.extend(round.ready);
            self.answers.extend(round.answered);
        }
        self.acknowledged += report.acknowledged.len();
        for row in &report.rows {
            let state = row["state"].as_str().unwrap_or_default().to_owned();
            *self.rows.entry(state).or_default() += 1;
        }
        self.verdict.add(Verdict::of(report));
    }

    /// Of a hundred restarts so many were sooner.
    pub(super) fn ready(&self, percent: usize) -> Duration {
        sooner(&self.readies, percent)
    }

    /// The same of those that took a promise down, whether or not they could call anybody.
    pub(super) fn answered(&self, percent: usize) -> Duration {
        sooner(&self.answers, percent)
    }

    pub(super) fn kills(&self) -> usize {
        self.hits.values().sum::<usize>() + self.at_any_moment
    }

    pub(super) fn hits(&self, point: Failpoint) -> usize {
        self.hits.get(&point).copied().unwrap_or_default()
    }
}

fn sooner(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    let at = sorted.get(last * percent / 100);
    at.copied().unwrap_or(Duration::MAX)
}

impl Verdict {
    fn add(&mut self, other: Self) {
        self.invites += other.invites;
        self.answered += other.answered;
        self.lost.extend(other.lost);
        self.overlap.extend(other.overlap);
        self.called_in_a_talk.extend(other.called_in_a_talk);
        self.doubled.extend(other.doubled);
        self.strays.extend(other.strays);
        self.uncertain += other.uncertain;
        self.again_after_hanging_up += other.again_after_hanging_up;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = &self.verdict;
        let points = Failpoint::ALL.map(|it| format!("{} {}", it.as_str(), self.hits(it)));
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(state, n)| format!("{state} {n}"))
            .collect();
        let at_points: usize = self.hits.values().sum();
        writeln!(f, "rounds, kills       {}", self.kills())?;
        writeln!(f, "at a failpoint      {at_points}: {}", points.join(", "))?;
        writeln!(f, "at any moment       {}", self.at_any_moment)?;
        writeln!(f, "left by itself      {}", self.by_themselves)?;
        writeln!(f, "acknowledged        {}", self.acknowledged)?;
        writeln!(f, "promises at the end {}", rows.join(", "))?;
        writeln!(f, "INVITEs             {}", verdict.invites)?;
        writeln!(f, "answered            {}", verdict.answered)?;
        writeln!(f, "lost                {}", verdict.lost.len())?;
        writeln!(f, "overlap             {}", verdict.overlap.len())?;
        writeln!(f, "called in a talk    {}", verdict.called_in_a_talk.len())?;
        writeln!(f, "doubled answers     {}", verdict.doubled.len())?;
        writeln!(f, "strays              {}", verdict.strays.len())?;
        writeln!(f, "uncertain           {}", verdict.uncertain)?;
        writeln!(f, "hung up, tried again {}", verdict.again_after_hanging_up)?;
        let (p50, p95, n) = (self.ready(50), self.ready(95), self.readies.len());
        writeln!(f, "ready again         p50 {p50:.0?}, p95 {p95:.0?} of {n}")?;
        let (p50, p95, n) = (self.answered(50), self.answered(95), self.answers.len());
        write!(f, "promises again      p50 {p50:.0?}, p95 {p95:.0?} of {n}")
    }
}
