use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use thirdring::records::{Entry, What};
use thirdring::words::{Ending, Party};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

use super::agent::TOKEN;

/// What the agent says happens, from its start on.
pub(crate) struct Events {
    news: Receiver<Entry>,
    /// All that was told so far, of all calls.
    pub(crate) seen: Vec<Entry>,
}

impl Events {
    pub(super) fn follow(api: SocketAddr) -> Self {
        let mut request = format!("ws://{api}/api/v1/events?since=0")
            .into_client_request()
            .expect("an address");
        let token = format!("Bearer {TOKEN}").parse().expect("plain text");
        request.headers_mut().insert("authorization", token);
        let stream = TcpStream::connect(api).expect("the agent listens");
        let (socket, _) = tungstenite::client(request, stream).expect("the agent tells its events");
        let (teller, news) = channel();
        thread::spawn(move || read(socket, &teller));
        Self {
            news,
            seen: Vec::new(),
        }
    }

    /// The first entry that is wanted, already told or within the time.
    pub(crate) fn wait(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Entry {
        let until = Instant::now() + within;
        let mut checked = 0;
        loop {
            if let Some(entry) = self.seen[checked..].iter().find(|entry| wanted(entry)) {
                return entry.clone();
            }
            checked = self.seen.len();
            match self
                .news
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(entry) => self.seen.push(entry),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {what} within {within:?}; told:\n{}", self.story())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the events ended before {what}; told:\n{}", self.story())
                }
            }
        }
    }

    /// Whether nothing of this kind was told yet, nor is within the time.
    pub(crate) fn stay_without(
        &mut self,
        within: Duration,
        unwanted: impl Fn(&Entry) -> bool,
    ) -> bool {
        let until = Instant::now() + within;
        while let Ok(entry) = self
            .news
            .recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.seen.push(entry);
        }
        !self.seen.iter().any(unwanted)
    }

    /// Waits until the call is in this state.
    pub(crate) fn state(&mut self, sip_call_id: &str, state: &str, within: Duration) -> Entry {
        self.wait(&format!("state {state}"), within, |entry| {
            of(entry, sip_call_id)
                && matches!(&entry.what, What::State { state: is } if is == state)
        })
    }

    /// Waits until this phrase has begun to sound.
    pub(crate) fn phrase(&mut self, sip_call_id: &str, id: &str, within: Duration) -> Entry {
        self.wait(&format!("phrase {id}"), within, |entry| {
            of(entry, sip_call_id)
                && matches!(&entry.what, What::PhraseStarted { phrase, .. } if phrase.as_str() == id)
        })
    }

    /// Waits until this phrase is over.
    pub(crate) fn phrase_over(&mut self, sip_call_id: &str, id: &str, within: Duration) -> Entry {
        self.wait(&format!("end of phrase {id}"), within, |entry| {
            of(entry, sip_call_id)
                && matches!(&entry.what, What::PhraseEnded { phrase, .. } if phrase.as_str() == id)
        })
    }

    /// Waits until an account is registered.
    pub(crate) fn registered(&mut self, within: Duration) {
        self.wait("a registration", within, |entry| {
            matches!(&entry.what, What::Registration { state, .. } if state == "registered")
        });
    }

    /// Waits for settings that were read anew: the keys that count now, and those that wait for a restart.
    pub(crate) fn reloaded(&mut self, within: Duration) -> (Vec<String>, Vec<String>) {
        let entry = self.wait("what changed", within, |entry| {
            matches!(entry.what, What::SettingsReloaded { .. })
        });
        let What::SettingsReloaded {
            changed,
            after_restart,
        } = entry.what
        else {
            panic!("not a reload: {entry:?}");
        };
        (changed, after_restart)
    }

    /// Waits for the call's one ending.
    pub(crate) fn ended(&mut self, sip_call_id: &str, within: Duration) -> Ending {
        let entry = self.wait("the end", within, |entry| {
            of(entry, sip_call_id) && matches!(entry.what, What::Ended { .. })
        });
        let What::Ended { ending } = entry.what else {
            panic!("not an ending: {entry:?}");
        };
        ending
    }

    /// Waits until the caller's voice, or its end, was noticed.
    pub(crate) fn voice(&mut self, sip_call_id: &str, is: bool) {
        self.wait("the caller's voice", Duration::from_secs(10), |entry| {
            of(entry, sip_call_id)
                && matches!(entry.what, What::Voice { party: Party::Caller, speaking } if speaking == is)
        });
    }

    /// Takes in what was told meanwhile.
    pub(crate) fn catch_up(&mut self) {
        self.seen.extend(self.news.try_iter());
    }

    /// One line for each entry.
    pub(crate) fn story(&self) -> String {
        let lines = self.seen.iter().map(|entry| {
            let what = serde_json::to_string(&entry.what).expect("plain data");
            let call = entry.sip_call_id.as_deref().unwrap_or("-");
            format!("{} {} {call} {what}\n", entry.seq, entry.utc)
        });
        lines.collect()
    }
}

/// Whether the entry is about the call with this SIP Call-ID.
pub(crate) fn of(entry: &Entry, sip_call_id: &str) -> bool {
    entry.sip_call_id.as_deref() == Some(sip_call_id)
}

fn read(mut socket: tungstenite::WebSocket<TcpStream>, teller: &Sender<Entry>) {
    // The stream ends with the agent.
    while let Ok(message) = socket.read() {
        let Message::Text(line) = message else {
            continue;
        };
        let entry: Entry = serde_json::from_str(&line).expect("an entry");
        if teller.send(entry).is_err() {
            return;
        }
    }
}
