//! The phones of a scenario take its steps, one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::evidence::{Evidence, moments};
use super::judge::{Verdict, judge};
use super::scenario::{After, Callee, Deed, Event, Scenario, Step};
use super::timeline::{Mark, timeline};
use crate::desk::clock;
use crate::ear::Repertoire;
use crate::phone::{Answers, Diary, Passed, Phone, PhoneError, PhoneSettings, Way};
use crate::sip::{Start, Uri};
use crate::words::{Entropy, Moment, Sentence};

/// Longer than a BYE is repeated; then nobody is there any more.
const PARTING: Duration = Duration::from_secs(33);

/// Who is hung up on learns it in that time, answers, and has not hung up himself.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is the same for all runs of a scenario, and what is this one's.
#[derive(Clone)]
pub struct Wishes {
    pub known: Arc<Repertoire>,
    /// From 1.
    pub run: u32,
    pub entropy: Entropy,
    /// Where both sides of each phone are written as WAV.
    pub wav: Option<PathBuf>,
    /// What the files are called, before the phone's name.
    pub name: String,
}

/// A scenario that was played. What was heard is not kept: a shift has thousands of calls.
pub struct Played {
    pub verdicts: Vec<Verdict>,
    /// What each phone lived through, by its name.
    pub timelines: BTreeMap<String, Vec<Mark>>,
}

/// Why a scenario could not be played at all.
#[derive(Debug)]
pub enum PlayError {
    Phone { name: String, why: io::Error },
    Wav { file: PathBuf, why: io::Error },
}

/// Plays it once, in the current tokio runtime.
pub async fn play(scenario: &Scenario, wishes: Wishes) -> Result<Played, PlayError> {
    let began = clock::now();
    let stage = Stage::open(scenario, &wishes)?;
    let missed = stage.act(began + scenario.at_most).await;
    stage.part().await;
    let lived = stage.close(&wishes).await?;
    let mut verdicts: Vec<Verdict> = missed.into_iter().collect();
    verdicts.extend(judge(scenario, &lived, &wishes.known));
    let timelines = lived.into_iter();
    let timelines = timelines.map(|(name, evidence)| (name, timeline(&evidence, began)));
    Ok(Played {
        verdicts,
        timelines: timelines.collect(),
    })
}

struct Stage<'s> {
    scenario: &'s Scenario,
    phones: BTreeMap<String, Phone>,
}

/// How often each event of each phone was waited for already: each wait is for the next one.
type Awaited = BTreeMap<(String, Event), usize>;

impl<'s> Stage<'s> {
    fn open(scenario: &'s Scenario, wishes: &Wishes) -> Result<Self, PlayError> {
        let mut entropy = wishes.entropy.clone();
        let mut phones = BTreeMap::new();
        for (name, actor) in &scenario.phones {
            let settings = PhoneSettings {
                user: actor.user.replace("{n}", &wishes.run.to_string()),
                at: actor.at,
                codec: actor.codec,
                sends: actor.quiet.clone(),
                rtcp: actor.rtcp,
                answers: Answers::Never,
                repertoire: Arc::clone(&wishes.known),
                entropy: Entropy::from_seed(entropy.bytes()),
            };
            let phone = Phone::start(settings).map_err(|why| PlayError::Phone {
                name: name.clone(),
                why,
            })?;
            phones.insert(name.clone(), phone);
        }
        Ok(Self { scenario, phones })
    }

    /// All steps, until one whose time does not come before the end; that one is a verdict of its own.
    async fn act(&self, end: Moment) -> Option<Verdict> {
        let mut awaited = Awaited::new();
        let mut last = clock::now();
        for step in &self.scenario.steps {
            let Some(phone) = self.phones.get(&step.who) else {
                continue;
            };
            let from = match &step.after {
                Some(after) => match self.next(after, &mut awaited, end).await {
                    Ok(moment) => moment,
                    Err(why) => return Some(missed(step, after, &why)),
                },
                None => last,
            };
            let due = from + step.wait;
            if due > end {
                return Some(late(step));
            }
            pass(clock::now().until(due)).await;
            if let Err(why) = self.take(step, phone).await {
                return Some(failed(step, &why));
            }
            last = clock::now();
        }
        None
    }

    /// Waits for the next time that this happens, after the one waited for last.
    async fn next(
        &self,
        after: &After,
        awaited: &mut Awaited,
        end: Moment,
    ) -> Result<Moment, PhoneError> {
        let phone = self.phones.get(&after.whose).ok_or(PhoneError::Gone)?;
        let key = (after.whose.clone(), after.event.clone());
        let nth = awaited.entry(key).or_default();
        let (name, within) = (after.event.to_string(), clock::now().until(end));
        let found = phone.wait_for(&name, within, |diary| {
            let moments = moments(diary, &after.event, self.scenario);
            moments.get(*nth).copied()
        });
        let found = found.await?;
        *nth += 1;
        Ok(found)
    }

    async fn take(&self, step: &Step, phone: &Phone) -> Result<(), PhoneError> {
        match &step.deed {
            Deed::Call(callee) => {
                let target = self.uri(callee).ok_or(PhoneError::Gone)?;
                match self.hop_of(&step.who) {
                    Some(hop) => phone.dial_through(&target, hop).await,
                    None => phone.dial(&target).await,
                }
            }
            Deed::Answer => phone.answer().await,
            Deed::Refuse(code) => phone.refuse(*code).await,
            Deed::Say(clip) => phone.speak(Arc::clone(clip)).await,
            Deed::Send(sends) => phone.send(sends.clone()).await,
            Deed::Press(keys) => phone.press(keys).await,
            Deed::Hold => phone.hold().await,
            Deed::Resume => phone.resume().await,
            Deed::Refer(callee) => {
                let to = self.uri(callee).ok_or(PhoneError::Gone)?;
                phone.refer(&to).await
            }
            Deed::HangUp => phone.hang_up().await,
            Deed::Wait => Ok(()),
        }
    }

    fn hop_of(&self, who: &str) -> Option<SocketAddr> {
        self.scenario
            .phones
            .get(who)
            .and_then(|actor| actor.through)
    }

    fn uri(&self, callee: &Callee) -> Option<Uri> {
        match callee {
            Callee::Target => self.scenario.target.clone(),
            Callee::Phone(name) => self.phones.get(name).map(Phone::uri),
            Callee::Uri(uri) => Some(uri.clone()),
        }
    }

    /// Whoever is in a call yet ends it.
    async fn part(&self) {
        let last = self.scenario.steps.last();
        if last.is_some_and(|step| matches!(step.deed, Deed::HangUp)) {
            self.all(FAREWELL, is_over).await;
        }
        for phone in self.phones.values() {
            if phone.progress().is_call() {
                // A phone that has ended has no call.
                let _ = phone.hang_up().await;
            }
        }
        self.all(PARTING, is_over).await;
        self.all(FAREWELL, is_answered).await;
    }

    /// Waits until this is so of all phones; who is not heard of in that time is gone.
    async fn all(&self, within: Duration, is_so: fn(&Diary) -> bool) {
        let until = clock::now() + within;
        for (name, phone) in &self.phones {
            let left = clock::now().until(until);
            let _ = phone
                .wait_for(name, left, |diary| is_so(diary).then_some(()))
                .await;
        }
    }

    async fn close(self, wishes: &Wishes) -> Result<BTreeMap<String, Evidence>, PlayError> {
        let mut lived = BTreeMap::new();
        for (name, phone) in self.phones {
            if let Some(folder) = &wishes.wav {
                let file = folder.join(format!("{}-{}.wav", wishes.name, file_name(&name)));
                phone
                    .write_wav(&file)
                    .map_err(|why| PlayError::Wav { file, why })?;
            }
            let (diary, tape) = phone.close().await;
            lived.insert(name, Evidence::new(diary, tape, self.scenario));
        }
        Ok(lived)
    }
}

/// A phone may be called anything; a file may not.
fn file_name(phone: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
    phone.replace(|c| !is_plain(c), "_")
}

fn is_over(diary: &Diary) -> bool {
    !diary.progress.is_call()
}

/// Whether its last BYE was answered, where it sent one: the machine knows of the end.
fn is_answered(diary: &Diary) -> bool {
    let is_bye = |passed: &&Passed| {
        let is_request =
            matches!(&passed.message.start, Start::Request { method, .. } if method == "BYE");
        passed.way == Way::Sent && is_request
    };
    let Some(bye) = diary.messages.iter().rev().find(is_bye) else {
        return true;
    };
    let is_same = |name, other: &Passed| bye.message.value(name) == other.message.value(name);
    let mut later = diary.messages.iter();
    later.any(|it| it.way == Way::Received && is_same("CSeq", it) && is_same("Call-ID", it))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a step's time comes by itself: nothing happens that could be waited for"
)]
async fn pass(span: Duration) {
    if !span.is_zero() {
        tokio::time::sleep(span).await;
    }
}

/// The step waited for what did not happen.
fn missed(step: &Step, after: &After, why: &PhoneError) -> Verdict {
    let expected = Sentence::of("sim.expect.event")
        .with("whose", &after.whose)
        .with("event", &after.event);
    unmet(step, expected, told(why))
}

/// Its time is after the scenario's end.
fn late(step: &Step) -> Verdict {
    unmet(
        step,
        Sentence::of("sim.expect.step"),
        Sentence::of("sim.found.too-late"),
    )
}

fn failed(step: &Step, why: &PhoneError) -> Verdict {
    unmet(step, Sentence::of("sim.expect.step"), told(why))
}

fn told(why: &PhoneError) -> Sentence {
    match why {
        PhoneError::Late { .. } => Sentence::of("sim.found.never"),
        PhoneError::NoAddress(_) => Sentence::of("sim.found.no-address"),
        PhoneError::Gone => Sentence::of("sim.found.nothing"),
    }
}

fn unmet(step: &Step, expected: Sentence, found: Sentence) -> Verdict {
    Verdict {
        who: step.who.clone(),
        expected,
        found,
        is_met: false,
        fault: None,
        took: None,
    }
}

impl PlayError {
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Phone { name, why } => Sentence::of("sim.no-ports")
                .with("name", name)
                .with("why", Sentence::of_io(why)),
            Self::Wav { file, why } => Sentence::of("cli.file")
                .with("file", file.display())
                .with("why", Sentence::of_io(why)),
        }
    }
}

impl fmt::Display for PlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone { name, why } => write!(f, "open the phone {name}: {why}"),
            Self::Wav { file, why } => write!(f, "write {}: {why}", file.display()),
        }
    }
}

impl std::error::Error for PlayError {}
