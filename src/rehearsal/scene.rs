use std::sync::Arc;
use std::time::Duration;

use crate::call::{
    Arrival, AtMachine, Behind, First, Handoff, KeyAct, PhoneKeys, Promised, RepairNews,
    TargetTerms, Terms,
};
use crate::policy::{Policy, PolicyError};
use crate::words::{Key, Language, Sentence, Wait};

use super::fault::Misfit;
use super::prompts::{Lengths, Prompts};
use super::script::Rehearsal;
use super::words;

/// What a script's head says: everything about a call that no input tells.
#[derive(Clone, Debug)]
pub struct Scene {
    pub(super) terms: Arc<Terms>,
    pub(super) prompts: Prompts,
    pub(super) arrival: Arrival,
    pub(super) lengths: Lengths,
    pub(super) language: Language,
    pub(super) anonymous: bool,
    /// He comes by a line that is recorded.
    pub(super) records: bool,
    pub(super) acknowledges: bool,
    /// One can be kept.
    pub(super) has_seat: bool,
    /// What becomes of a promise; `None`: the store never answers.
    pub(super) store: Option<Promised>,
    /// What becomes of our new offer to a hurt leg; `None`: nobody answers it.
    pub(super) repair: Option<RepairNews>,
}

/// Two experts, and a menu to which callers may be sent unasked.
const TARGETS: [(&str, bool); 4] = [
    ("expert", false),
    ("supervisor", false),
    ("menu", true),
    (HANDED_TO, true),
];
/// Whoever goes there is handed to the exchange (D22).
const HANDED_TO: &str = "branch";

/// What may stand in a head.
const WORDS: [&str; 13] = [
    "policy", "prompts", "caller", "behind", "answer", "line", "recorded", "no", "keys", "repair",
    "machine", "first", "store",
];
const STORES: [&str; 6] = [
    "fails",
    "soon",
    "today",
    "tomorrow",
    "working-day",
    "silent",
];
const REPAIRS: [&str; 3] = ["taken", "refused", "silent"];

impl Scene {
    /// Lines of a head, without remarks.
    pub fn of(head: &[&str], rehearsal: &Rehearsal) -> Result<Self, super::Fault> {
        let whole = head.first().copied().unwrap_or_default();
        Self::read(head, rehearsal).map_err(|misfit| misfit.within(whole))
    }

    pub(super) fn read<'a>(head: &[&'a str], rehearsal: &Rehearsal) -> Result<Self, Misfit<'a>> {
        let Rehearsal { policy, prompts } = rehearsal;
        let mut scene = Self::of_terms(terms(changed(policy, head)?, prompts), prompts.clone());
        for line in head {
            scene.set(line)?;
        }
        Ok(scene)
    }

    /// A call of which nothing is said.
    pub(super) fn of_terms(terms: Terms, prompts: Prompts) -> Self {
        Self {
            terms: Arc::new(terms),
            prompts,
            arrival: Arrival {
                behind: Behind::Direct,
                answer_after: None,
            },
            lengths: Lengths::Every(Duration::from_secs(2)),
            language: Language::ZhCn,
            anonymous: false,
            records: false,
            acknowledges: true,
            has_seat: true,
            store: Some(Promised::WithinFiveMinutes),
            repair: Some(RepairNews::Refused),
        }
    }

    fn set<'a>(&mut self, line: &'a str) -> Result<(), Misfit<'a>> {
        let terms = Arc::make_mut(&mut self.terms);
        match line.split_once(' ').unwrap_or((line, "")) {
            ("policy", _) => {}
            ("prompts", lengths) => self.set_prompts(lengths)?,
            ("keys", sequence) => add_keys(terms, sequence)?,
            ("caller", "anonymous") => self.anonymous = true,
            ("behind", "queue") => self.arrival.behind = Behind::Queue,
            ("line", "unwatched") => terms.watches_line = false,
            ("first", "customer") => terms.first = First::Customer,
            ("machine", "message") => terms.at_machine = AtMachine::Message,
            ("recorded", "") => self.records = true,
            ("answer", after) => self.arrival.answer_after = Some(wait(after)?),
            ("no", "seat") => self.has_seat = false,
            ("no", "ack") => self.acknowledges = false,
            ("store", outcome) => self.store = store(outcome)?,
            ("repair", outcome) => self.repair = repair(outcome)?,
            (word, _) => return Err(no_scene(line, word)),
        }
        Ok(())
    }

    fn set_prompts<'a>(&mut self, lengths: &'a str) -> Result<(), Misfit<'a>> {
        if let Ok(language) = lengths.parse() {
            self.lengths = Lengths::Recorded(language);
            self.language = language;
            return Ok(());
        }
        self.lengths = Lengths::Every(wait(lengths)?);
        Ok(())
    }
}

/// A word that is known wants another one after it.
fn no_scene<'a>(line: &'a str, word: &'a str) -> Misfit<'a> {
    let after: &[&str] = match word {
        "caller" => &["caller anonymous"],
        "behind" => &["behind queue"],
        "line" => &["line unwatched"],
        "first" => &["first customer"],
        "machine" => &["machine message"],
        "recorded" => &["recorded"],
        "no" => &["no seat", "no ack"],
        _ => return Misfit::unknown(word, "rehearsal.no-scene", &WORDS),
    };
    Misfit::unknown(line, "rehearsal.no-scene", after)
}

/// `keys *1 hold lookup`.
fn add_keys<'a>(terms: &mut Terms, sequence: &'a str) -> Result<(), Misfit<'a>> {
    let wrong = || Misfit::new(sequence, "rehearsal.no-keys", "rehearsal.right.keys");
    let (row, words) = sequence.split_once(' ').ok_or_else(wrong)?;
    let keys = row.chars().map(Key::try_from).collect::<Result<_, _>>();
    let act = match words.trim() {
        "consent" => KeyAct::Agreed,
        words => KeyAct::Command(words::command(words)?),
    };
    terms.phone_keys.add(keys.map_err(|_| wrong())?, act);
    Ok(())
}

fn wait(text: &str) -> Result<Duration, Misfit<'_>> {
    let wait: Result<Wait, Sentence> = text.parse();
    wait.map(Wait::get)
        .map_err(|_| Misfit::new(text, "rehearsal.no-wait", "rehearsal.right.wait"))
}

fn terms(policy: Arc<Policy>, prompts: &Prompts) -> Terms {
    let target = |(name, blind): (&str, bool)| {
        let handoff = match name {
            HANDED_TO => Handoff::Refer,
            _ => Handoff::Bridge,
        };
        let terms = TargetTerms {
            blind,
            handoff,
            ask: None,
        };
        (name.to_owned(), terms)
    };
    Terms {
        policy,
        promising: prompts.promising.clone(),
        targets: TARGETS.into_iter().map(target).collect(),
        phone_keys: PhoneKeys::default(),
        watches_line: true,
        at_machine: AtMachine::HangUp,
        first: First::Agent,
    }
}

/// The policy with the lines `policy [section] key = value`.
fn changed<'a>(policy: &Arc<Policy>, head: &[&'a str]) -> Result<Arc<Policy>, Misfit<'a>> {
    let changes = head.iter().filter_map(|line| line.strip_prefix("policy "));
    let changes: Vec<&str> = changes.collect();
    let Some(last) = changes.last() else {
        return Ok(Arc::clone(policy));
    };
    let tables: Vec<String> = changes.iter().map(|change| table(change)).collect();
    let error = match policy.with(&tables) {
        Ok(changed) => return Ok(Arc::new(changed)),
        Err(error) => error,
    };
    // The first that does not fit by itself; else they do not fit together.
    let mut alone = changes
        .iter()
        .map(|change| (change, policy.with(&[table(change)])));
    match alone.find_map(|(change, alone)| Some((change, alone.err()?))) {
        Some((change, error)) => Err(unfit(change, error)),
        None => Err(unfit(last, error)),
    }
}

/// `[hold] every = "30s"` as TOML has it.
fn table(change: &str) -> String {
    match change.split_once("] ") {
        Some((section, setting)) => format!("{section}]\n{setting}"),
        None => change.to_owned(),
    }
}

fn unfit(change: &str, error: PolicyError) -> Misfit<'_> {
    let help = match error {
        PolicyError::Unkept(unkept) => Sentence::of(unkept.remedy),
        PolicyError::Unread(error) => {
            Sentence::of("rehearsal.right.policy").with("why", error.message())
        }
    };
    Misfit::with_help(change, "rehearsal.no-policy", help)
}

fn store(outcome: &str) -> Result<Option<Promised>, Misfit<'_>> {
    match outcome {
        "fails" => Ok(Some(Promised::NotNoted)),
        "soon" => Ok(Some(Promised::Soon)),
        "tomorrow" => Ok(Some(Promised::Tomorrow)),
        "today" => Ok(Some(Promised::LaterToday)),
        "working-day" => Ok(Some(Promised::NextWorkingDay)),
        "silent" => Ok(None),
        other => Err(Misfit::unknown(other, "rehearsal.no-scene", &STORES)),
    }
}

fn repair(outcome: &str) -> Result<Option<RepairNews>, Misfit<'_>> {
    match outcome {
        "taken" => Ok(Some(RepairNews::Taken)),
        "refused" => Ok(Some(RepairNews::Refused)),
        "silent" => Ok(None),
        other => Err(Misfit::unknown(other, "rehearsal.no-scene", &REPAIRS)),
    }
}
