//! An examination as it is shown: a line for each finding, drawn while it goes on.

use serde_json::{Value, json};

use super::super::Teller;
use super::super::failure::Failure;
use super::super::table::{padded, width};
use crate::doctor::{Check, Finding, News, Verdict};
use crate::words::Sentence;

/// Back to the beginning of the line, and empty it (ECMA-48: EL).
pub(super) const ANEW: &str = "\r\u{1b}[K";

pub(super) struct Sheet<'a, 'b> {
    teller: &'a mut Teller<'b>,
    /// A line may be drawn again.
    terminal: bool,
    /// Of the two first columns, in character cells.
    columns: (usize, usize),
    /// What is told at the end, as JSON.
    told: Vec<Value>,
    counts: Counts,
    /// The reader has had enough: the examination goes on in silence.
    broken: Option<Failure>,
}

/// Checks, by their gravest finding.
#[derive(Default)]
struct Counts {
    checks: usize,
    faults: usize,
    warnings: usize,
    skipped: usize,
}

impl<'a, 'b> Sheet<'a, 'b> {
    pub(super) fn new(terminal: bool, teller: &'a mut Teller<'b>) -> Self {
        let widest = |texts: Vec<String>| texts.iter().map(|it| width(it)).max().unwrap_or(0);
        let verdicts = Verdict::ALL.map(|verdict| verdict_word(verdict, teller));
        let checks = Check::ALL.map(|check| check_name(check, teller));
        Self {
            columns: (widest(verdicts.to_vec()), widest(checks.to_vec())),
            terminal: terminal && !teller.json,
            teller,
            told: Vec::new(),
            counts: Counts::default(),
            broken: None,
        }
    }

    pub(super) fn take(&mut self, news: &News<'_>) {
        let drawn = match news {
            News::Begins(check) => self.sketch(*check, ""),
            News::GoesOn(check, percent) => self.sketch(*check, &format!("{percent} %")),
            News::Speak(check) => {
                let speak = self.teller.text("doctor.speak");
                self.sketch(*check, &speak)
            }
            News::Ends(check, findings) => self.draw(*check, findings),
        };
        if let Err(why) = drawn {
            self.broken.get_or_insert(why);
        }
    }

    /// What goes on, on a line that is drawn over.
    fn sketch(&mut self, check: Check, far: &str) -> Result<(), Failure> {
        if !self.terminal || self.broken.is_some() {
            return Ok(());
        }
        let blank = padded("", self.columns.0);
        let name = padded(&check_name(check, self.teller), self.columns.1);
        let line = format!("{ANEW}{blank}  {name}  {far}…");
        write!(self.teller.out, "{line}").map_err(Failure::Output)?;
        self.teller.out.flush().map_err(Failure::Output)
    }

    fn draw(&mut self, check: Check, findings: &[Finding]) -> Result<(), Failure> {
        self.count(findings);
        if self.teller.json {
            let told = findings.iter().map(|finding| self.raw(check, finding));
            let told: Vec<Value> = told.collect();
            self.told.extend(told);
            return Ok(());
        }
        if self.broken.is_some() {
            return Ok(());
        }
        let mut name = check_name(check, self.teller);
        let mut lines = Vec::new();
        for finding in findings {
            lines.extend(self.lines(&name, finding));
            name.clear(); // it stands above
        }
        if self.terminal {
            write!(self.teller.out, "{ANEW}").map_err(Failure::Output)?;
        }
        lines.iter().try_for_each(|line| self.teller.line(line))?;
        self.teller.out.flush().map_err(Failure::Output)
    }

    /// The cause, and under it what to do.
    fn lines(&self, name: &str, finding: &Finding) -> Vec<String> {
        let word = padded(&verdict_word(finding.verdict, self.teller), self.columns.0);
        let name = padded(name, self.columns.1);
        let cause = self.say(&finding.cause);
        let blank = padded("", self.columns.0 + self.columns.1 + 4);
        let remedy = finding.remedy().map(|remedy| self.say(&remedy));
        let remedy = remedy.map(|remedy| format!("{blank}→ {remedy}"));
        [format!("{word}  {name}  {cause}")]
            .into_iter()
            .chain(remedy)
            .collect()
    }

    fn say(&self, sentence: &Sentence) -> String {
        self.teller.texts.say(sentence, self.teller.language)
    }

    fn raw(&self, check: Check, finding: &Finding) -> Value {
        json!({
            "check": check.as_str(),
            "verdict": finding.verdict.as_str(),
            "key": finding.cause.key(),
            "cause": self.say(&finding.cause),
            "remedy": finding.remedy().map(|remedy| self.say(&remedy)),
            "fixable": finding.mend.is_some(),
        })
    }

    fn count(&mut self, findings: &[Finding]) {
        let worst = findings.iter().map(|finding| finding.verdict).max();
        let counts = &mut self.counts;
        counts.checks += 1;
        match worst {
            Some(Verdict::Fault) => counts.faults += 1,
            Some(Verdict::Warning) => counts.warnings += 1,
            Some(Verdict::Ok) => {}
            Some(Verdict::Skipped) | None => counts.skipped += 1,
        }
    }

    /// The last line: how many checks ended how.
    pub(super) fn finish(self, verdict: Verdict) -> Result<(), Failure> {
        if let Some(why) = self.broken {
            return Err(why);
        }
        if self.teller.json {
            let all = json!({ "verdict": verdict.as_str(), "findings": self.told });
            return self.teller.line(&all.to_string());
        }
        let Counts {
            checks,
            faults,
            warnings,
            skipped,
        } = self.counts;
        let summary = Sentence::of("doctor.summary")
            .with("checks", checks)
            .with("faults", faults)
            .with("warnings", warnings)
            .with("skipped", skipped);
        let summary = self.teller.texts.say(&summary, self.teller.language);
        self.teller.line("")?;
        self.teller.line(&summary)
    }
}

fn verdict_word(verdict: Verdict, teller: &Teller<'_>) -> String {
    teller.text(&format!("doctor.verdict.{}", verdict.as_str()))
}

fn check_name(check: Check, teller: &Teller<'_>) -> String {
    teller.text(&format!("doctor.check.{check}"))
}
