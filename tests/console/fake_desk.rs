use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use thirdring::callbacks::{CallbackId, Wish};
use thirdring::console::{
    Answer, Ask, CallView, CallbackView, Code, Console, ConsoleSettings, DrainView, EventLog,
    Export, HealthView, Limits, LineView, Metrics, Problem, Request, SeatView, Token,
};
use thirdring::records::{Deletion, Entry, Left, Removed, StillThere, What};
use thirdring::words::{CallId, Command, ConsentFor, Language, Moment, PhoneNumber, Pii, SeatId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

pub(crate) const TOKEN: &str = "s3cret";
pub(crate) const CALLBACK: &str = "0190163d8694739ba8a2b8b0f1f3c2ac";
pub(crate) const CALL: &str = "0190163d8694739ba8a2b8b0f1f3c2aa";

/// A console on a free port, and the desk behind it.
pub(crate) struct House {
    pub(crate) console: Console,
    pub(crate) address: SocketAddr,
    pub(crate) events: Arc<EventLog>,
    asked: Arc<Mutex<Vec<Ask>>>,
}

/// What differs from test to test.
pub(crate) struct Plan {
    pub(crate) limits: Limits,
    pub(crate) events_kept: usize,
    pub(crate) calls: usize,
    pub(crate) metrics_open: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            events_kept: 100,
            calls: 1,
            metrics_open: false,
        }
    }
}

impl House {
    pub(crate) async fn open(plan: Plan) -> Self {
        let (requests, mut incoming) = mpsc::channel::<Request>(4);
        let house = Self::before(requests, &plan).await;
        let asked = Arc::clone(&house.asked);
        tokio::spawn(async move {
            while let Some(Request { ask, reply }) = incoming.recv().await {
                asked.lock().unwrap().push(ask.clone());
                // A client that left needs no answer.
                let _ = reply.send(answer(ask, plan.calls));
            }
        });
        house
    }

    /// With a desk of the test's own at the other end of `requests`.
    pub(crate) async fn before(requests: mpsc::Sender<Request>, plan: &Plan) -> Self {
        let settings = ConsoleSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            token: Token::parse(TOKEN).unwrap(),
            allowed_hosts: Vec::new(),
            metrics_open: plan.metrics_open,
            language: Language::En,
            limits: plan.limits,
        };
        let events = Arc::new(EventLog::with_capacity(plan.events_kept));
        let metrics = Arc::new(Metrics::default());
        let console = Console::start(settings, requests, Arc::clone(&events), metrics)
            .await
            .unwrap();
        Self {
            address: console.local_addr(),
            console,
            events,
            asked: Arc::default(),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap().clone()
    }

    /// Speaks with the token.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Heard {
        let token = format!("authorization: Bearer {TOKEN}\r\n");
        self.say(method, path, &token, body).await
    }

    /// Speaks with the given header lines besides the needed ones.
    pub(crate) async fn say(&self, method: &str, path: &str, lines: &str, body: &str) -> Heard {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-length: {length}\r\n{lines}\r\n{body}"
        ))
        .await
    }

    /// Sends bytes and hears until the other side closes.
    pub(crate) async fn send(&self, bytes: &str) -> Heard {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        Heard(heard)
    }
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Heard(pub(crate) String);

impl Heard {
    pub(crate) fn status(&self) -> u16 {
        let status = self.0.split(' ').nth(1).unwrap_or_default();
        status.parse().unwrap_or(0)
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// The code of a problem, if it is one.
    pub(crate) fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(self.body()).ok()?;
        Some(body.get("code")?.as_str()?.to_owned())
    }
}

fn answer(ask: Ask, calls: usize) -> Result<Answer, Problem> {
    match ask {
        Ask::ListCalls { .. } => Ok(Answer::Calls(vec![call(); calls])),
        Ask::GetCall(id) => known(id).map(|()| {
            Answer::Call(Box::new(CallView {
                timeline: vec![entry(1, "holding"), entry(2, "talking")],
                ..call()
            }))
        }),
        Ask::Timeline(id) => {
            known(id).map(|()| Answer::Timeline(vec![entry(1, "holding"), entry(2, "talking")]))
        }
        Ask::SipMessages(id) => known(id).map(|()| Answer::SipMessages(Vec::new())),
        Ask::Dial { .. } => Ok(Answer::Dialled(Box::new(call()))),
        Ask::Command { call, command } => known(call).and_then(|()| obey(&command)),
        Ask::ListCallbacks => Ok(Answer::Callbacks(vec![callback()])),
        Ask::ExportCallbacks(Export { format, after, .. }) => Ok(Answer::Exported {
            format,
            body: match after {
                None => format!("{CALLBACK},complaint\r\n"),
                Some(_) => String::new(),
            },
        }),
        Ask::GetCallback(id) => wanted(id).map(|()| Answer::Callback(Box::new(callback()))),
        Ask::Wish { id, wish, .. } => wanted(id).and_then(|()| match wish {
            Wish::Done => Err(Code::CallbackOver.into()),
            Wish::Cancel { .. } | Wish::Snooze(_) | Wish::Redial | Wish::Assign(_) => {
                Ok(Answer::Callback(Box::new(callback())))
            }
        }),
        Ask::AddCallback(_) => Ok(Answer::Noted(Box::new(callback()))),
        Ask::Delete(asked) => Ok(Answer::Deleted(Box::new(deletion(asked.by)))),
        Ask::ListRegistrations => Ok(Answer::Registrations(Vec::new())),
        Ask::GetDrain => Ok(Answer::Drain(drain(false))),
        Ask::Drain { on } => Ok(Answer::Drain(drain(on))),
        Ask::ListSeats => Ok(Answer::Seats(vec![seat(), away()])),
        Ask::GetSeat(id) => staffed(&id).map(|()| Answer::Seat(seat())),
        Ask::OrderSeat { id, .. } => staffed(&id).map(|()| Answer::Seat(seat())),
        Ask::Health => Ok(Answer::Health(HealthView {
            ok: true,
            calls,
            alarms: Vec::new(),
        })),
    }
}

/// One call is gone, another goes on.
fn drain(on: bool) -> DrainView {
    DrainView {
        on,
        calls: 1,
        unsaved: false,
    }
}

fn deletion(by: String) -> Deletion {
    Deletion {
        id: "0190163d8694739ba8a2b8b0f1f3c2ab".into(),
        at_utc: utc(),
        by,
        reason: "asked".into(),
        done: true,
        calls: vec![CALL.parse().unwrap()],
        left: vec![Left {
            call: CALL.parse().unwrap(),
            because: StillThere::Live,
        }],
        more: false,
        removed: Removed {
            timelines: 1,
            records: 1,
            recordings: 1,
            bytes: 32_044,
            callbacks: 3,
            attempts: 4,
        },
        callbacks: 2,
    }
}

fn known(id: CallId) -> Result<(), Problem> {
    if id == CALL.parse().unwrap() {
        Ok(())
    } else {
        Err(Problem::from(Code::UnknownCall).with("call", id))
    }
}

fn wanted(id: CallbackId) -> Result<(), Problem> {
    if id.to_string() == CALLBACK {
        Ok(())
    } else {
        Err(Problem::from(Code::UnknownCallback).with("callback", id))
    }
}

fn staffed(id: &SeatId) -> Result<(), Problem> {
    if id.as_str() == "rep1" {
        Ok(())
    } else {
        Err(Problem::from(Code::UnknownSeat).with("seat", id))
    }
}

fn obey(command: &Command) -> Result<Answer, Problem> {
    if matches!(command, Command::Hold { agreed: false, .. }) {
        return Err(Code::ConsentRequired.into());
    }
    Ok(Answer::Done)
}

fn number() -> Pii<PhoneNumber> {
    Pii::new(PhoneNumber::parse("13800138000").unwrap())
}

pub(crate) fn utc() -> Timestamp {
    "2026-01-31T08:00:00Z".parse().unwrap()
}

fn call() -> CallView {
    CallView {
        id: CALL.parse().unwrap(),
        sip_call_id: "a@b".into(),
        inbound: true,
        state: "holding".into(),
        since_utc: utc(),
        waiting_s: 17,
        language: Language::ZhCn,
        caller: Some(number()),
        seat: Some("rep1".parse().unwrap()),
        target: None,
        question: Some(ConsentFor::Transfer),
        line: LineView {
            caller: "fine".into(),
            rep: "unknown".into(),
        },
        suggestions: Vec::new(),
        quality: Default::default(),
        recording: None,
        promised: false,
        calls_back: None,
        warnings: Vec::new(),
        ending: None,
        timeline: Vec::new(),
    }
}

fn seat() -> SeatView {
    SeatView {
        id: "rep1".parse().unwrap(),
        kind: "phone".into(),
        ready: false,
        state: "wrap-up".into(),
        reason: Some("lunch".into()),
        then: Some("on-break".into()),
        since_utc: Some(utc()),
        until_utc: Some(utc()),
        note_owed: false,
        faults: Vec::new(),
        call: Some(CALL.parse().unwrap()),
        registered_until_utc: None,
    }
}

fn away() -> SeatView {
    SeatView {
        id: "张三".parse().unwrap(),
        kind: "phone".into(),
        ready: true,
        state: "absent".into(),
        reason: None,
        then: None,
        since_utc: Some(utc()),
        until_utc: None,
        note_owed: false,
        faults: vec!["absent".into()],
        call: None,
        registered_until_utc: None,
    }
}

fn callback() -> CallbackView {
    CallbackView {
        id: "cb1".into(),
        kind: "line-fault".into(),
        number: number(),
        due_utc: utc(),
        state: "open".into(),
        attempts: 1,
        reason: "no voice\u{1b}[2J".into(),
        origin: None,
        next_utc: Some(utc()),
        place_utc: None,
        because: None,
        outcomes: vec!["busy".into()],
        note: Some(Pii::new("asks about the bill".into())),
        seat: Some("rep1".parse().unwrap()),
        recording: None,
        history: Vec::new(),
        wishes: Vec::new(),
    }
}

pub(crate) fn entry(seq: u64, state: &str) -> Entry {
    Entry {
        seq,
        at: Moment::from_nanos(seq),
        utc: utc(),
        call: Some(CALL.parse().unwrap()),
        sip_call_id: Some("a@b".into()),
        what: What::State {
            state: state.into(),
        },
    }
}
