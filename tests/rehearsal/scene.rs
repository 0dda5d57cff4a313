use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use thirdring::call::{
    Arrival, AtMachine, Behind, First, Handoff, PhoneKeys, Promised, RepairNews, TargetTerms, Terms,
};
use thirdring::policy::Policy;
use thirdring::settings;
use thirdring::words::{Key, Language, Wait};

use super::phrasebook::{self, Lengths};

/// What a script's head says: everything about a call that no input tells.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) terms: Arc<Terms>,
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

impl Scene {
    pub(super) fn read(head: &[&str]) -> Result<Self, String> {
        let mut scene = Self {
            terms: Arc::new(terms(&policy(head)?)?),
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
        };
        for line in head {
            scene.set(line)?;
        }
        Ok(scene)
    }

    fn set(&mut self, line: &str) -> Result<(), String> {
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
            _ => return Err(format!("'{line}' sets no scene")),
        }
        Ok(())
    }

    fn set_prompts(&mut self, lengths: &str) -> Result<(), String> {
        if let Ok(language) = lengths.parse() {
            self.lengths = Lengths::Recorded(language);
            self.language = language;
            return Ok(());
        }
        self.lengths = Lengths::Every(wait(lengths)?);
        Ok(())
    }
}

/// `keys *1 hold lookup`.
fn add_keys(terms: &mut Terms, sequence: &str) -> Result<(), String> {
    let wrong = || format!("'{sequence}' is not: KEYS WORDS");
    let (row, words) = sequence.split_once(' ').ok_or_else(wrong)?;
    let keys = row.chars().map(Key::try_from).collect::<Result<_, _>>();
    let act = settings::read_words(words).map_err(|why| format!("{why:?}"))?;
    terms.phone_keys.add(keys.map_err(|_| wrong())?, act);
    Ok(())
}

fn wait(text: &str) -> Result<Duration, String> {
    let wait: Wait = text.parse().map_err(|error| format!("{error}"))?;
    Ok(wait.get())
}

fn terms(policy: &str) -> Result<Terms, String> {
    let policy = Policy::parse(policy).map_err(|error| error.to_string())?;
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
    Ok(Terms {
        policy: Arc::new(policy),
        promising: phrasebook::promising(),
        targets: TARGETS.into_iter().map(target).collect(),
        phone_keys: PhoneKeys::default(),
        watches_line: true,
        at_machine: AtMachine::HangUp,
        first: First::Agent,
    })
}

/// The lines `policy [section] key = value` as TOML: each section once.
fn policy(head: &[&str]) -> Result<String, String> {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in head.iter().filter_map(|line| line.strip_prefix("policy ")) {
        let (section, setting) = change
            .split_once("] ")
            .ok_or_else(|| format!("'{change}' is not: [section] key = value"))?;
        sections.entry(section).or_default().push(setting);
    }
    Ok(sections
        .into_iter()
        .map(|(section, settings)| format!("{section}]\n{}\n", settings.join("\n")))
        .collect())
}

fn store(outcome: &str) -> Result<Option<Promised>, String> {
    match outcome {
        "fails" => Ok(Some(Promised::NotNoted)),
        "soon" => Ok(Some(Promised::Soon)),
        "tomorrow" => Ok(Some(Promised::Tomorrow)),
        "today" => Ok(Some(Promised::LaterToday)),
        "working-day" => Ok(Some(Promised::NextWorkingDay)),
        "silent" => Ok(None),
        other => Err(format!("the store cannot be '{other}'")),
    }
}

fn repair(outcome: &str) -> Result<Option<RepairNews>, String> {
    match outcome {
        "taken" => Ok(Some(RepairNews::Taken)),
        "refused" => Ok(Some(RepairNews::Refused)),
        "silent" => Ok(None),
        other => Err(format!("a repair cannot be '{other}'")),
    }
}
