//! One scene's agent and phones, and the verbs its script is written in.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ureq::http::Method;

use super::scenes::Scene;
use super::story::{Line, Told, seconds, words_of};
use crate::cli::api::Api;
use crate::console::{CallView, CallbackView, EventLog, Token};
use crate::desk::{Agent, RunOptions, clock};
use crate::ear::{Ended, Repertoire};
use crate::media::{Clip, Codec, Phrasebook, lasting};
use crate::phone::{
    Answers, HeardPhrase, Phone, PhoneAddress, PhoneError, PhoneSettings, Progress, Rtcp, Sends,
};
use crate::records::{Entry, What};
use crate::settings::Settings;
use crate::sip::Uri;
use crate::words::{Entropy, Language, Moment, Party, PromptId, Sentence};

/// What all scenes share.
#[derive(Clone)]
pub(super) struct Backstage {
    pub(super) book: Arc<Phrasebook>,
    pub(super) repertoire: Arc<Repertoire>,
    pub(super) spoken: Language,
    pub(super) record: Option<PathBuf>,
    pub(super) lines: mpsc::Sender<Line>,
    pub(super) began: Moment,
}

/// What did not happen as it should.
#[derive(Debug)]
pub(super) enum Missed {
    /// Something of ours could not be opened or asked.
    Broken(String),
    Phone(Party, PhoneError),
    /// The agent did not come to this in time.
    Never {
        awaited: String,
        within: Duration,
    },
    /// Another phrase was heard, or one too many.
    OutOfOrder {
        heard: Vec<PromptId>,
        expected: Vec<PromptId>,
    },
    Untimely {
        /// A key of the catalogue.
        what: &'static str,
        found: String,
        right: String,
    },
}

impl Missed {
    pub(super) fn sentence(&self) -> Sentence {
        match self {
            Self::Broken(why) => Sentence::of("demo.broken").with("why", why),
            Self::Phone(party, why) => Sentence::of("demo.phone-broken")
                .with("who", of_party(*party))
                .with("why", why),
            Self::Never { awaited, within } => Sentence::of("demo.never")
                .with("awaited", awaited)
                .with("seconds", within.as_secs()),
            Self::OutOfOrder { heard, expected } => Sentence::of("demo.out-of-order")
                .with("heard", names(heard))
                .with("expected", names(expected)),
            Self::Untimely { what, found, right } => Sentence::of("demo.untimely")
                .with("what", Sentence::of(what))
                .with("found", found)
                .with("right", right),
        }
    }
}

fn of_party(party: Party) -> Sentence {
    Sentence::of(&format!("party.{party}"))
}

fn names(phrases: &[PromptId]) -> String {
    let names: Vec<&str> = phrases.iter().map(PromptId::as_str).collect();
    names.join(", ")
}

/// The people of a scene, and the agent between them.
pub(super) struct Stage {
    pub(super) caller: Phone,
    pub(super) rep: Phone,
    pub(super) target: Phone,
    scene: Scene,
    backstage: Backstage,
    api: Arc<Api>,
    agent: Uri,
    events: Arc<EventLog>,
    tasks: Vec<JoinHandle<()>>,
    state: PathBuf,
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Nobody's: the caller must have a number, or nothing can be promised to him (D24).
const CALLER_NUMBER: &str = "13800138000";
/// Longer than any wait of a scene that goes as it should.
const PATIENCE: Duration = Duration::from_secs(60);

impl Stage {
    /// Opens the phones, then an agent that knows them.
    pub(super) async fn open(
        scene: Scene,
        backstage: Backstage,
        rtcp: Rtcp,
    ) -> Result<Self, Missed> {
        let phone = |user: &str, answers, rtcp| {
            let settings = PhoneSettings {
                user: user.to_owned(),
                at: PhoneAddress::any_port(LOOPBACK),
                codec: Codec::Pcma,
                sends: Sends::Silence,
                rtcp,
                answers,
                repertoire: Arc::clone(&backstage.repertoire),
                entropy: Entropy::from_seed(clock::seed().map_err(broken("seed the phones"))?),
            };
            Phone::start(settings).map_err(broken("start a phone"))
        };
        let soon = Answers::AfterRing(Duration::from_millis(800));
        let caller = phone(CALLER_NUMBER, soon, rtcp)?;
        let rep = phone("rep", soon, Rtcp::Normal)?;
        let target = phone("expert", soon, Rtcp::Normal)?;

        let state = std::env::temp_dir().join(format!(
            "thirdring-demo-{}-{}",
            std::process::id(),
            scene.name()
        ));
        // A process of the same number may have left its own, for Windows removes nothing that is open.
        let _ = std::fs::remove_dir_all(&state);
        let token = Entropy::from_seed(clock::seed().map_err(broken("make a token"))?).token(32);
        let token = Token::parse(&token).map_err(broken("make a token"))?;
        let settings = settings(&caller, &rep, &target)?;
        let options = RunOptions {
            state: state.clone(),
            exit_after: None,
            token: token.clone(),
            sources: None,
            asked: None,
        };
        let agent = Agent::open(&settings, options, &Handle::current())
            .await
            .map_err(broken("open the agent"))?;
        let addresses = agent.addresses();
        let events = agent.events();
        let api = Api::of(
            &format!("http://{}", addresses.api),
            token,
            backstage.spoken,
        );
        let tell = tokio::spawn(tell_events(scene, backstage.clone(), Arc::clone(&events)));
        let work = tokio::spawn(async move {
            agent.work().await;
        });
        Ok(Self {
            caller,
            rep,
            target,
            scene,
            backstage,
            api: Arc::new(api),
            agent: Uri::sip("hotline", addresses.sip),
            events,
            tasks: vec![tell, work],
            state,
        })
    }

    /// Plays the script, then puts everything away, however it ended.
    pub(super) async fn play<F>(self, script: impl FnOnce(Arc<Self>) -> F) -> Result<(), Missed>
    where
        F: Future<Output = Result<(), Missed>>,
    {
        let stage = Arc::new(self);
        let ending = script(Arc::clone(&stage)).await;
        let kept = stage.keep_recordings();
        for task in &stage.tasks {
            task.abort();
        }
        // What cannot be removed is the system's to clean up.
        let _ = std::fs::remove_dir_all(&stage.state);
        ending.and(kept)
    }

    // What people do

    pub(super) async fn call_in(&self) -> Result<(), Missed> {
        self.did(Party::Caller, "dials").await;
        self.caller
            .dial(&self.agent)
            .await
            .map_err(phone(Party::Caller))
    }

    /// Says one of the rep's phrases, so that the ear can tell whether it was heard.
    pub(super) async fn speak(&self, party: Party, phrase: &str) -> Result<(), Missed> {
        self.did(party, "speaks").await;
        let clip = self.clip(phrase)?;
        self.phone(party).speak(clip).await.map_err(phone(party))
    }

    pub(super) async fn hang_up(&self, party: Party) -> Result<(), Missed> {
        self.did(party, "hangs-up").await;
        self.phone(party).hang_up().await.map_err(phone(party))
    }

    pub(super) async fn press_one(&self, party: Party) -> Result<(), Missed> {
        self.did(party, "presses-1").await;
        self.phone(party)
            .press(&[crate::words::Key::ONE])
            .await
            .map_err(phone(party))
    }

    /// The rep's one action.
    pub(super) async fn rep_asks(&self, command: &str, body: Value) -> Result<(), Missed> {
        let call = self.call().await?;
        let path = format!("/api/v1/calls/{}/{command}", call.id);
        let api = Arc::clone(&self.api);
        self.blocking(move || api.send(Method::POST, &path, &body))
            .await
            .map(drop)
    }

    // What is found

    /// The ear finds this phrase next, whole, in what this party received.
    pub(super) async fn hears(&self, party: Party, phrase: &str) -> Result<HeardPhrase, Missed> {
        let heard = self.hears_any(party, phrase).await?;
        match heard.heard.ended {
            Ended::Whole => Ok(heard),
            Ended::Cut { .. } => Err(Missed::Untimely {
                what: "demo.whole-phrase",
                found: format!("{phrase} {}", Sentence::of("demo.cut")),
                right: Sentence::of("demo.whole").to_string(),
            }),
        }
    }

    async fn hears_any(&self, party: Party, phrase: &str) -> Result<HeardPhrase, Missed> {
        let prompt = prompt(phrase)?;
        let heard = self
            .phone(party)
            .wait_heard(&prompt, PATIENCE)
            .await
            .map_err(phone(party))?;
        let words = words_of(&self.backstage.book, &heard);
        let told = Told::Heard {
            by: party,
            phrase: Box::new(heard.clone()),
            words,
        };
        self.tell(heard.at, told).await;
        Ok(heard)
    }

    /// Nothing else was heard, and nothing twice.
    pub(super) fn heard_exactly(&self, party: Party, phrases: &[&str]) -> Result<(), Missed> {
        let heard: Vec<PromptId> = self
            .phone(party)
            .heard()
            .into_iter()
            .map(|phrase| phrase.heard.prompt)
            .collect();
        let expected = phrases
            .iter()
            .map(|phrase| prompt(phrase))
            .collect::<Result<Vec<_>, _>>()?;
        if heard == expected {
            Ok(())
        } else {
            Err(Missed::OutOfOrder { heard, expected })
        }
    }

    /// The pause between the end of one phrase and the beginning of the next, by the RTP clock.
    pub(super) fn paused(
        &self,
        before: &HeardPhrase,
        after: &HeardPhrase,
        right: Duration,
        tolerance: Duration,
    ) -> Result<(), Missed> {
        let length = self.clip(before.heard.prompt.as_str())?.len() as u64;
        let ticks = u64::from(after.rtp_timestamp.wrapping_sub(before.rtp_timestamp));
        let pause = lasting(ticks.saturating_sub(length));
        if pause >= right && pause <= right + tolerance {
            return Ok(());
        }
        Err(Missed::Untimely {
            what: "demo.pause",
            found: format!("{} {pause:?}", before.heard.prompt),
            right: format!("{right:?} – {:?}", right + tolerance),
        })
    }

    /// Waits for an entry of the agent's timeline, from the beginning of the scene on.
    pub(super) async fn sees(
        &self,
        awaited: &str,
        is_it: impl Fn(&What) -> bool,
    ) -> Result<Entry, Missed> {
        let never = || Missed::Never {
            awaited: awaited.to_owned(),
            within: PATIENCE,
        };
        let mut follower = self.events.follow(Some(0)).map_err(|_| never())?;
        let seen = pin!(async {
            loop {
                let entries = follower.take().ok()?;
                let found = entries.iter().find(|entry| is_it(&entry.what));
                if let Some(entry) = found {
                    return Some(entry.as_ref().clone());
                }
                if entries.is_empty() {
                    follower.changed().await;
                }
            }
        });
        timeout(PATIENCE, seen)
            .await
            .ok()
            .flatten()
            .ok_or_else(never)
    }

    pub(super) async fn sees_state(&self, state: &str) -> Result<Entry, Missed> {
        self.sees(
            state,
            |what| matches!(what, What::State { state: is } if is == state),
        )
        .await
    }

    pub(super) async fn ends(&self, party: Party) -> Result<(), Missed> {
        self.phone(party)
            .wait_ended(PATIENCE)
            .await
            .map(drop)
            .map_err(phone(party))
    }

    pub(super) async fn callbacks(&self) -> Result<Vec<CallbackView>, Missed> {
        let api = Arc::clone(&self.api);
        self.blocking(move || api.read("/api/v1/callbacks")).await
    }

    async fn call(&self) -> Result<CallView, Missed> {
        let api = Arc::clone(&self.api);
        let calls: Vec<CallView> = self.blocking(move || api.read("/api/v1/calls")).await?;
        calls
            .into_iter()
            .next()
            .ok_or_else(|| Missed::Broken("the agent has no call".to_owned()))
    }

    // How it is done

    async fn blocking<T: Send + 'static>(
        &self,
        ask: impl FnOnce() -> Result<T, crate::cli::failure::Failure> + Send + 'static,
    ) -> Result<T, Missed> {
        let asked = tokio::task::spawn_blocking(ask)
            .await
            .map_err(broken("ask the agent"))?;
        asked.map_err(|failure| Missed::Broken(format!("ask the agent: {failure:?}")))
    }

    fn phone(&self, party: Party) -> &Phone {
        match party {
            Party::Caller => &self.caller,
            Party::Rep => &self.rep,
            Party::Target => &self.target,
        }
    }

    fn clip(&self, phrase: &str) -> Result<Arc<Clip>, Missed> {
        let clip = self
            .backstage
            .book
            .clip(&prompt(phrase)?, self.backstage.spoken);
        clip.map_err(broken("decode a phrase"))
    }

    async fn did(&self, who: Party, what: &'static str) {
        self.tell(clock::now(), Told::Did { who, what }).await;
    }

    async fn tell(&self, at: Moment, told: Told) {
        let at_s = seconds(self.backstage.began, at);
        // The reader may have left; the scene is played to its end all the same.
        let _ = self
            .backstage
            .lines
            .send(Line {
                scene: self.scene,
                at_s,
                told,
            })
            .await;
    }

    fn keep_recordings(&self) -> Result<(), Missed> {
        let Some(folder) = &self.backstage.record else {
            return Ok(());
        };
        let talked = |party: &Party| self.phone(*party).progress() != Progress::Idle;
        for party in Party::ALL.into_iter().filter(talked) {
            let file = folder.join(format!("{}-{party}.wav", self.scene.name()));
            self.phone(party)
                .write_wav(&file)
                .map_err(broken("write a recording"))?;
        }
        Ok(())
    }
}

/// The agent's own timeline, as it happens.
async fn tell_events(scene: Scene, backstage: Backstage, events: Arc<EventLog>) {
    let Ok(mut follower) = events.follow(Some(0)) else {
        return;
    };
    while let Ok(entries) = follower.take() {
        for entry in &entries {
            let at_s = seconds(backstage.began, entry.at);
            let told = Told::Happened(Box::new(entry.as_ref().clone()));
            if backstage
                .lines
                .send(Line { scene, at_s, told })
                .await
                .is_err()
            {
                return;
            }
        }
        if entries.is_empty() {
            follower.changed().await;
        }
    }
}

/// The standard as it ships, with the scene's phones; every port is the system's choice.
fn settings(caller: &Phone, rep: &Phone, target: &Phone) -> Result<Settings, Missed> {
    let seat = json!([{ "id": "rep1", "kind": "phone", "uri": rep.uri().as_str() }]);
    let expert = json!([{ "id": "expert", "uri": target.uri().as_str() }]);
    let settings = json!({
        "language": "zh-CN",
        "sip": {
            "listen": "127.0.0.1:0",
            "behind": "direct",
            "trunk": caller.address().to_string(),
        },
        "api": { "listen": "127.0.0.1:0" },
        "seat": seat,
        "target": expert,
    });
    serde_json::from_value(settings).map_err(broken("read the demo's settings"))
}

fn prompt(name: &str) -> Result<PromptId, Missed> {
    name.parse().map_err(broken("name a phrase"))
}

pub(super) fn broken<E: fmt::Display>(doing: &'static str) -> impl Fn(E) -> Missed {
    move |why| Missed::Broken(format!("{doing}: {why}"))
}

fn phone(party: Party) -> impl Fn(PhoneError) -> Missed {
    move |why| Missed::Phone(party, why)
}
