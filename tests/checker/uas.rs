//! The customers: one UDP socket that is called for all numbers, on no code of the agent's.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::peers::phone::{Message, rtp_sockets};

use super::plan::{Plan, Then};
use super::wire::{Log, What};

/// RFC 3261 17.1.1.1 and 13.3.1.4: a final answer is sent again after 500 ms, then twice as late each time up to 4 s.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// 64 * T1: nobody is there who would confirm it.
const GIVE_UP: Duration = Duration::from_secs(32);

/// Who sends it, and gets it back, knows that all before it was read.
const MARK: &[u8] = b"MARK";

/// How long the thread may not look at its orders.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Uas {
    pub(super) address: SocketAddr,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Orders {
    stop: AtomicBool,
    plan: Mutex<Option<Plan>>,
}

impl Uas {
    pub(super) fn open(seed: u64, log: Arc<Log>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let [sound, reports] = rtp_sockets(Ipv4Addr::LOCALHOST.into());
        let address = socket.local_addr().expect("it is bound");
        let orders = Arc::<Orders>::default();
        let customers = Customers {
            socket,
            sound,
            _reports: reports,
            seed,
            log,
            orders: Arc::clone(&orders),
            calls: BTreeMap::new(),
            called: BTreeMap::new(),
            timers: BTreeMap::new(),
            timers_set: 0,
        };
        Self {
            address,
            orders,
            thread: Some(thread::spawn(move || customers.serve())),
        }
    }

    /// Until all that was sent to the customers before is in the log.
    pub(super) fn catch_up(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket
            .set_read_timeout(Some(GIVE_UP))
            .expect("it is not zero");
        let mut echo = [0; MARK.len()];
        // Datagrams on loopback keep their order.
        let echoed = socket
            .send_to(MARK, self.address)
            .and_then(|_| socket.recv(&mut echo));
        assert!(
            echoed.is_ok_and(|length| length == MARK.len()),
            "the customers are gone"
        );
    }

    /// From now on everybody does the same.
    pub(super) fn all_do(&self, plan: Plan) {
        *self.orders.plan() = Some(plan);
    }
}

impl Orders {
    fn plan(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Uas {
    fn drop(&mut self) {
        self.orders.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

struct Customers {
    socket: UdpSocket,
    /// Where the agents' sound goes; nobody listens.
    sound: UdpSocket,
    /// Nobody else is to have it.
    _reports: UdpSocket,
    seed: u64,
    log: Arc<Log>,
    orders: Arc<Orders>,
    calls: BTreeMap<String, Ringing>,
    /// How often each number was called.
    called: BTreeMap<String, u64>,
    timers: BTreeMap<(Instant, u64), (String, Step)>,
    timers_set: u64,
}

/// A telephone that rings, or more.
struct Ringing {
    invite: Message,
    branch: String,
    plan: Plan,
    /// Our last answer to the INVITE.
    answer: Option<String>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ringing,
    /// Picked up or refused, and not confirmed yet.
    Final,
    Talking,
    Over,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// What was planned.
    Act,
    /// The final answer once more.
    Repeat {
        wait: Duration,
        until: Instant,
    },
    HangUp,
}

impl Customers {
    fn serve(mut self) {
        let mut datagram = [0; 65_535];
        while !self.orders.stop.load(Ordering::Relaxed) {
            let next = self.timers.first_key_value().map(|((at, _), _)| *at);
            let wait = next.map_or(LOOK_EVERY, |at| at.duration_since(Instant::now()));
            let wait = wait.clamp(Duration::from_millis(1), LOOK_EVERY);
            self.socket
                .set_read_timeout(Some(wait))
                .expect("it is not zero");
            if let Ok((length, from)) = self.socket.recv_from(&mut datagram) {
                self.read(&datagram[..length], from);
            }
            self.act_in_time(Instant::now());
        }
    }

    fn read(&mut self, datagram: &[u8], from: SocketAddr) {
        if datagram == MARK {
            drop(self.socket.send_to(MARK, from));
        } else if let Some(message) = Message::parse(datagram, from) {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        if message.status().is_some() {
            return; // the answer to our BYE
        }
        match message.method() {
            "INVITE" if message.header("to").contains(";tag=") => self.answer_again(&message),
            "INVITE" => self.invited(message),
            "ACK" => self.confirmed(message.call_id()),
            "CANCEL" => self.cancelled(&message),
            "BYE" => self.hung_up(&message),
            _ => self.reply(&message, 200),
        }
    }

    fn invited(&mut self, invite: Message) {
        let (call_id, number) = (invite.call_id().to_owned(), user(&invite));
        let branch = branch(&invite);
        let what = What::Invite {
            number: number.clone(),
            from: invite.from,
            branch: branch.clone(),
        };
        self.log.write(&call_id, what);
        if let Some(known) = self.calls.get(&call_id) {
            // Another transaction of the same call is none of ours: the judge will tell.
            if known.branch == branch
                && let Some(answer) = known.answer.clone()
            {
                self.send(&answer, invite.from);
            }
            return;
        }
        let plan = self.plan(&number);
        let now = Instant::now();
        let ringing = Ringing {
            invite,
            branch,
            plan,
            answer: None,
            stage: Stage::Ringing,
        };
        self.calls.insert(call_id.clone(), ringing);
        if plan.rings {
            self.log.write(&call_id, What::Rang);
            self.answer(&call_id, 180);
        }
        self.set(now + plan.after, &call_id, Step::Act);
    }

    fn plan(&mut self, number: &str) -> Plan {
        let nth = self.called.entry(number.to_owned()).or_default();
        *nth += 1;
        let ordered = *self.orders.plan();
        ordered.unwrap_or_else(|| Plan::of(self.seed, number, *nth))
    }

    fn confirmed(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        if call.stage != Stage::Final {
            return;
        }
        let picked_up = matches!(call.plan.then, Then::Answers { .. });
        call.stage = if picked_up {
            Stage::Talking
        } else {
            Stage::Over
        };
        self.log.write(call_id, What::Acked);
    }

    fn cancelled(&mut self, cancel: &Message) {
        self.reply(cancel, 200);
        let call_id = cancel.call_id();
        let ringing = |call: &Ringing| call.stage == Stage::Ringing;
        if self.calls.get(call_id).is_some_and(ringing) {
            self.log.write(call_id, What::Cancelled);
            self.end(call_id, 487);
        }
    }

    fn hung_up(&mut self, bye: &Message) {
        self.reply(bye, 200);
        if let Some(call) = self.calls.get_mut(bye.call_id())
            && std::mem::replace(&mut call.stage, Stage::Over) != Stage::Over
        {
            self.log.write(bye.call_id(), What::WasHungUp);
        }
    }

    // What is planned

    fn act_in_time(&mut self, now: Instant) {
        while let Some(due) = self.timers.first_entry().filter(|due| due.key().0 <= now) {
            let (call_id, step) = due.remove();
            match step {
                Step::Act => self.act(&call_id, now),
                Step::Repeat { wait, until } => self.repeat(&call_id, wait, until, now),
                Step::HangUp => self.hang_up(&call_id, now),
            }
        }
    }

    fn act(&mut self, call_id: &str, now: Instant) {
        let Some(call) = self.calls.get(call_id) else {
            return;
        };
        let then = call.plan.then;
        if call.stage != Stage::Ringing {
            return;
        }
        match then {
            Then::Answers { hangs_up_after } => {
                self.log.write(call_id, What::Answered);
                self.end(call_id, 200);
                if let Some(after) = hangs_up_after {
                    self.set(now + after, call_id, Step::HangUp);
                }
            }
            Then::Refuses(code) => {
                self.log.write(call_id, What::Refused(code));
                self.end(call_id, code);
            }
            Then::RingsOn | Then::SaysNothing => {}
        }
    }

    /// The INVITE's final answer, until it is confirmed.
    fn end(&mut self, call_id: &str, status: u16) {
        if let Some(call) = self.calls.get_mut(call_id) {
            call.stage = Stage::Final;
        }
        self.answer(call_id, status);
        let now = Instant::now();
        let until = now + GIVE_UP;
        let wait = T1 * 2;
        self.set(now + T1, call_id, Step::Repeat { wait, until });
    }

    fn repeat(&mut self, call_id: &str, wait: Duration, until: Instant, now: Instant) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        if call.stage != Stage::Final {
            return;
        }
        if now >= until {
            call.stage = Stage::Over;
            return;
        }
        let (answer, to) = (call.answer.clone(), call.invite.from);
        self.send(&answer.unwrap_or_default(), to);
        let next = Step::Repeat {
            wait: (wait * 2).min(T2),
            until,
        };
        self.set(now + wait, call_id, next);
    }

    fn hang_up(&mut self, call_id: &str, now: Instant) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        match call.stage {
            Stage::Talking => {}
            // Not before the ACK (RFC 3261 15).
            Stage::Final => return self.set(now + T1, call_id, Step::HangUp),
            Stage::Ringing | Stage::Over => return,
        }
        call.stage = Stage::Over;
        self.log.write(call_id, What::HungUp);
        let invite = &call.invite;
        let own = self.socket.local_addr().expect("it is bound");
        let bye = format!(
            "BYE {} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKbye{}\r\nMax-Forwards: 70\r\n\
             From: {};tag={TAG}\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            invite.contact(),
            self.timers_set,
            invite.header("to"),
            invite.header("from"),
        );
        let to = invite.from;
        // Lost on loopback it is not; who does not answer has been killed.
        self.send(&bye, to);
    }

    // Words

    fn answer(&mut self, call_id: &str, status: u16) {
        let own = self.socket.local_addr().expect("it is bound");
        let sound = self.sound.local_addr().expect("it is bound");
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let mut answer = call.invite.response(status, TAG);
        answer.push_str(&format!("Contact: <sip:{own}>\r\n"));
        answer.push_str(&match status {
            200 => with_description(sound),
            _ => "Content-Length: 0\r\n\r\n".to_owned(),
        });
        call.answer = Some(answer.clone());
        let to = call.invite.from;
        self.send(&answer, to);
    }

    /// A re-INVITE changes nothing.
    fn answer_again(&self, invite: &Message) {
        let own = self.socket.local_addr().expect("it is bound");
        let sound = self.sound.local_addr().expect("it is bound");
        let start = invite.response(200, TAG);
        let rest = with_description(sound);
        self.send(
            &format!("{start}Contact: <sip:{own}>\r\n{rest}"),
            invite.from,
        );
    }

    fn reply(&self, request: &Message, status: u16) {
        let start = request.response(status, TAG);
        self.send(&format!("{start}Content-Length: 0\r\n\r\n"), request.from);
    }

    fn send(&self, text: &str, to: SocketAddr) {
        // To who was killed nothing can be sent.
        let _ = self.socket.send_to(text.as_bytes(), to);
    }

    fn set(&mut self, at: Instant, call_id: &str, step: Step) {
        self.timers_set += 1;
        self.timers
            .insert((at, self.timers_set), (call_id.to_owned(), step));
    }
}

const TAG: &str = "customer";

fn with_description(sound: SocketAddr) -> String {
    let (host, port) = (sound.ip(), sound.port());
    let description = format!(
        "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    );
    let length = description.len();
    format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{description}")
}

/// The number that is called.
fn user(invite: &Message) -> String {
    let uri = invite.first_line.split_whitespace().nth(1);
    let user = uri.and_then(|uri| uri.strip_prefix("sip:")?.split_once('@'));
    user.map_or_else(String::new, |(user, _)| user.to_owned())
}

fn branch(invite: &Message) -> String {
    let via = invite.header("via").split_once("branch=");
    let branch = via.and_then(|(_, rest)| rest.split(';').next());
    branch.unwrap_or_default().to_owned()
}
