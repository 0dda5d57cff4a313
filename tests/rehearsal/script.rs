use std::time::Duration;

use thirdring::words::{Moment, Wait};

use super::scene::Scene;
use super::stage::Stage;
use super::transcript;
use super::words::Event;

/// How long a call plays on after the last line.
const AFTERWARDS: Wait = Wait::new(Duration::from_secs(30));
/// Where the right side begins.
const COLUMN: usize = 36;

/// A script's left side.
struct Line<'a> {
    at: Moment,
    /// As written: `TIME WHO: WORDS`.
    text: &'a str,
    event: Event,
}

/// Plays a script and returns it with the right side as it came to pass.
pub(crate) fn rehearse(script: &str) -> Result<String, String> {
    let (head, lines) = read(script)?;
    let settings: Vec<&str> = head
        .iter()
        .copied()
        .map(without_remark)
        .filter(|line| !line.is_empty())
        .collect();
    let stage = play(Scene::read(&settings)?, &lines)?;
    if let Some(breach) = stage.witness.breaches.first() {
        return Err(format!("a promise is broken: {breach}"));
    }
    let mut written: String = head.iter().map(|line| format!("{line}\n")).collect();
    written += &write(&stage, &lines);
    Ok(written)
}

fn read(script: &str) -> Result<(Vec<&str>, Vec<Line<'_>>), String> {
    let mut head = Vec::new();
    let mut lines = Vec::new();
    for text in script.lines() {
        let left = text.split("->").next().unwrap_or_default().trim();
        let timed = left.starts_with(|c: char| c.is_ascii_digit());
        if timed {
            lines.push(read_line(left)?);
        } else if lines.is_empty() {
            head.push(text.trim_end());
        } else if !left.is_empty() {
            return Err(format!("'{left}' begins with no time"));
        }
    }
    Ok((head, lines))
}

fn read_line(text: &str) -> Result<Line<'_>, String> {
    let not_a_line = || format!("'{text}' is not: TIME WHO: WORDS");
    let (time, rest) = text.split_once(' ').ok_or_else(not_a_line)?;
    let (who, words) = rest.split_once(':').ok_or_else(not_a_line)?;
    let after: Wait = format!("{time}s").parse().map_err(|_| not_a_line())?;
    Ok(Line {
        at: Moment::ZERO + after.get(),
        text,
        event: Event::read(who.trim(), words.trim())?,
    })
}

fn without_remark(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn play(scene: Scene, lines: &[Line<'_>]) -> Result<Stage, String> {
    let (first, rest) = lines.split_first().ok_or("nothing happens")?;
    let Event::Begins(beginning) = first.event else {
        return Err(format!("no call begins with '{}'", first.text));
    };
    let mut stage = Stage::begin(scene, beginning, first.at);
    for line in rest {
        stage.play_until(line.at);
        line.event.clone().happen(&mut stage);
    }
    stage.play_until(stage.now + AFTERWARDS.get());
    Ok(stage)
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
