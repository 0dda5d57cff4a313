use std::sync::Arc;
use std::time::Duration;

use crate::policy::Policy;
use crate::words::{Moment, Wait};

use super::fault::{Fault, Misfit};
use super::prompts::Prompts;
use super::scene::Scene;
use super::stage::Stage;
use super::transcript;
use super::words::Event;

/// How long a call plays on after the last line.
const AFTERWARDS: Wait = Wait::new(Duration::from_secs(30));
/// Where the right side begins.
const COLUMN: usize = 36;
/// A longer call is a typing error; differences are found in its square.
const LINES_MAX: usize = 1_000;

/// A later line is a typing error: who holds that long would hear a phrase for each quarter of a minute of it.
const LAST_LINE: Duration = Duration::from_secs(86_400);

/// What all scripts are played with.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub(super) policy: Arc<Policy>,
    pub(super) prompts: Prompts,
}

/// What came to pass of a script.
#[derive(Clone, Debug)]
pub struct Played {
    /// The script, with the right side as it came to pass.
    pub transcript: String,
    /// Promises to the caller that were broken, in words for whoever has to find out why.
    pub breaches: Vec<String>,
}

/// A script's left side.
struct Line<'a> {
    at: Moment,
    /// As written: `TIME WHO: WORDS`.
    text: &'a str,
    event: Event,
}

impl Rehearsal {
    pub fn new(policy: Arc<Policy>, prompts: Prompts) -> Self {
        Self { policy, prompts }
    }

    /// Plays a script from its first line to half a minute after its last.
    pub fn play(&self, script: &str) -> Result<Played, Fault> {
        self.try_play(script)
            .map_err(|misfit| misfit.within(script))
    }

    /// A script's call, when all is over.
    pub fn stage(&self, script: &str) -> Result<Stage, Fault> {
        let lived = read(script).and_then(|(head, lines)| self.live(script, &head, &lines));
        lived.map_err(|misfit| misfit.within(script))
    }

    fn try_play<'a>(&self, script: &'a str) -> Result<Played, Misfit<'a>> {
        let (head, lines) = read(script)?;
        let stage = self.live(script, &head, &lines)?;
        let mut written: String = head.iter().map(|line| format!("{line}\n")).collect();
        written += &write(&stage, &lines);
        Ok(Played {
            transcript: written,
            breaches: stage.witness.breaches,
        })
    }

    fn live<'a>(
        &self,
        script: &'a str,
        head: &[&'a str],
        lines: &[Line<'a>],
    ) -> Result<Stage, Misfit<'a>> {
        let settings: Vec<&str> = head
            .iter()
            .map(|line| without_remark(line))
            .filter(|line| !line.is_empty())
            .collect();
        let scene = Scene::read(&settings, self)?;
        play(scene, lines).ok_or_else(|| nothing_happens(script))
    }
}

fn nothing_happens(script: &str) -> Misfit<'_> {
    let first = script.lines().next().unwrap_or_default();
    Misfit::new(first, "rehearsal.nothing-happens", "rehearsal.right.begins")
}

fn read(script: &str) -> Result<(Vec<&str>, Vec<Line<'_>>), Misfit<'_>> {
    let mut head = Vec::new();
    let mut lines: Vec<Line<'_>> = Vec::new();
    for text in script.lines() {
        let left = text.split("->").next().unwrap_or_default().trim();
        if left.starts_with(|c: char| c.is_ascii_digit()) {
            let line = read_line(left)?;
            line.follows(lines.last())?;
            lines.push(line);
        } else if lines.is_empty() {
            head.push(text.trim_end());
        } else if !left.is_empty() {
            return Err(Misfit::new(left, "rehearsal.no-time", LINE));
        }
        if lines.len() > LINES_MAX {
            return Err(Misfit::new(
                left,
                "rehearsal.too-long",
                "rehearsal.right.shorter",
            ));
        }
    }
    Ok((head, lines))
}

/// What a line looks like.
const LINE: &str = "rehearsal.right.line";

fn read_line(text: &str) -> Result<Line<'_>, Misfit<'_>> {
    let not_a_line = || Misfit::new(text, "rehearsal.no-line", LINE);
    let (time, rest) = text.split_once(' ').ok_or_else(not_a_line)?;
    let (who, words) = rest.split_once(':').ok_or_else(not_a_line)?;
    let after: Wait = format!("{time}s")
        .parse()
        .map_err(|_| Misfit::new(time, "rehearsal.no-seconds", LINE))?;
    if after.get() > LAST_LINE {
        let right = "rehearsal.right.within-a-day";
        return Err(Misfit::new(time, "rehearsal.too-late", right));
    }
    Ok(Line {
        at: Moment::ZERO + after.get(),
        text,
        event: Event::read(who.trim(), words.trim())?,
    })
}

impl<'a> Line<'a> {
    /// A call begins once, and its time does not run back.
    fn follows(&self, before: Option<&Self>) -> Result<(), Misfit<'a>> {
        let begins = matches!(self.event, Event::Begins(_));
        let wrong = |title, help| Err(Misfit::new(self.text, title, help));
        match before {
            None if !begins => wrong("rehearsal.no-beginning", "rehearsal.right.begins"),
            Some(_) if begins => wrong("rehearsal.begins-again", "rehearsal.right.one-call"),
            Some(before) if self.at < before.at => {
                wrong("rehearsal.runs-back", "rehearsal.right.in-order")
            }
            None | Some(_) => Ok(()),
        }
    }
}

fn without_remark(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// `None` where nothing happens.
fn play(scene: Scene, lines: &[Line<'_>]) -> Option<Stage> {
    let (first, rest) = lines.split_first()?;
    let Event::Begins(beginning) = first.event else {
        return None;
    };
    let mut stage = Stage::begin(scene, beginning, first.at);
    for line in rest {
        stage.play_until(line.at);
        line.event.clone().happen(&mut stage);
    }
    stage.play_until(stage.now + AFTERWARDS.get());
    Some(stage)
}

/// Each input with what was done until the next: one line a moment.
fn write(stage: &Stage, lines: &[Line<'_>]) -> String {
    let mut done: Vec<(Moment, String)> = stage
        .done
        .iter()
        .map(|(at, action)| (*at, transcript::words(action, stage)))
        .collect();
    done.sort_by_key(|(at, _)| *at);
    let mut written = String::new();
    for (index, line) in lines.iter().enumerate() {
        let until = lines.get(index + 1).map(|next| next.at);
        let until = until.unwrap_or(Moment::from_nanos(u64::MAX));
        let followed = done.partition_point(|(at, _)| *at < until);
        let moments: Vec<_> = done.drain(..followed).collect();
        written += &write_line(line.text, &moments);
    }
    written
}

fn write_line(input: &str, done: &[(Moment, String)]) -> String {
    if done.is_empty() {
        return format!("{input}\n");
    }
    let mut left = input;
    let mut written = String::new();
    for moment in done.chunk_by(|one, other| one.0 == other.0) {
        let actions: Vec<&str> = moment.iter().map(|(_, action)| action.as_str()).collect();
        let at = moment.first().map_or(Moment::ZERO, |(at, _)| *at);
        let (at, actions) = (transcript::time(at), actions.join(", "));
        written += &format!("{left:<COLUMN$} -> {at} {actions}\n");
        left = "";
    }
    written
}
