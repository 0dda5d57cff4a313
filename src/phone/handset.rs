use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::diary::{Diary, HeardPhrase, Progress};
use super::hearing::listen;
use super::line::{Command, Line, Ports};
use super::recording::{Recording, Tape};
use super::settings::{PhoneSettings, Sends};
use crate::media::Clip;
use crate::sip::Uri;
use crate::sip::offer_answer::Direction;
use crate::words::{Key, Moment, PromptId};

/// Commands a phone has not come to yet; who gives more waits.
const COMMANDS_MAX: usize = 64;
/// Half seconds of sound the ear has not come to yet; then the phone waits.
const SOUNDS_MAX: usize = 64;

/// A phone in a script's hand.
pub struct Phone {
    address: SocketAddr,
    user: String,
    commands: mpsc::Sender<Command>,
    diary: watch::Receiver<Diary>,
    awaited: Awaited,
    recording: Arc<Mutex<Recording>>,
    tasks: [JoinHandle<()>; 2],
}

/// What the script has waited for already: each wait is for the next one.
#[derive(Default)]
struct Awaited {
    phrases: AtomicUsize,
    invites: AtomicU32,
    ends: AtomicU32,
}

/// Why a verb came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneError {
    /// What was waited for did not come.
    Late {
        awaited: String,
        within: Duration,
        progress: Progress,
    },
    /// The target's host is a name: give the next hop.
    NoAddress(String),
    /// The phone's task has ended.
    Gone,
}

impl Phone {
    /// Binds its ports and begins to live, in the current tokio runtime.
    pub fn start(settings: PhoneSettings) -> io::Result<Self> {
        let ports = Ports::bind(settings.at)?;
        let address = ports.sip.local_addr()?;
        let user = settings.user.clone();
        let (commands, orders) = mpsc::channel(COMMANDS_MAX);
        let (sounds, heard) = mpsc::channel(SOUNDS_MAX);
        let (pen, diary) = watch::channel(Diary::default());
        let (pen, recording) = (Arc::new(pen), Arc::new(Mutex::new(Recording::default())));
        let ear = listen(settings.repertoire.clone(), heard, pen.clone());
        let line = Line::new(settings, ports, pen, sounds, recording.clone())?;
        Ok(Self {
            address,
            user,
            commands,
            diary,
            awaited: Awaited::default(),
            recording,
            tasks: [tokio::spawn(line.live(orders)), tokio::spawn(ear)],
        })
    }

    /// Where it can be called.
    pub fn uri(&self) -> Uri {
        Uri::sip(&self.user, self.address)
    }

    /// Its SIP port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls a URI whose host is an address.
    pub async fn dial(&self, target: &Uri) -> Result<(), PhoneError> {
        let next_hop = target.address();
        let next_hop = next_hop.ok_or_else(|| PhoneError::NoAddress(target.to_string()))?;
        self.dial_through(target, next_hop).await
    }

    /// Calls a URI by way of a proxy.
    pub async fn dial_through(&self, target: &Uri, next_hop: SocketAddr) -> Result<(), PhoneError> {
        let target = target.clone();
        self.tell(Command::Dial { target, next_hop }).await
    }

    /// Answers the call that rings.
    pub async fn answer(&self) -> Result<(), PhoneError> {
        self.tell(Command::Answer).await
    }

    /// Refuses the call that rings.
    pub async fn refuse(&self, code: u16) -> Result<(), PhoneError> {
        self.tell(Command::Refuse { code }).await
    }

    /// Presses keys one after the other; nothing outside a call.
    pub async fn press(&self, keys: &[Key]) -> Result<(), PhoneError> {
        self.tell(Command::Press(keys.to_vec())).await
    }

    /// Says a clip once, then what it sent before; nothing outside a call.
    pub async fn speak(&self, clip: Arc<Clip>) -> Result<(), PhoneError> {
        self.tell(Command::Speak(clip)).await
    }

    /// Sends something else from now on, in this call and the next.
    pub async fn send(&self, sends: Sends) -> Result<(), PhoneError> {
        self.tell(Command::Send(sends)).await
    }

    /// Sends no more RTP.
    pub async fn stop_sending(&self) -> Result<(), PhoneError> {
        self.send(Sends::Nothing).await
    }

    /// Holds the other side: our description is sendonly until we resume.
    pub async fn hold(&self) -> Result<(), PhoneError> {
        self.tell(Command::Reoffer(Direction::SendOnly)).await
    }

    pub async fn resume(&self) -> Result<(), PhoneError> {
        self.tell(Command::Reoffer(Direction::SendRecv)).await
    }

    /// Asks the other side to call somebody else (RFC 3515); the call goes on until somebody hangs up.
    pub async fn refer(&self, to: &Uri) -> Result<(), PhoneError> {
        self.tell(Command::Refer { to: to.clone() }).await
    }

    /// Ends whatever is under way: CANCEL, 603 or BYE.
    pub async fn hang_up(&self) -> Result<(), PhoneError> {
        self.tell(Command::HangUp).await
    }

    /// Waits for the next INVITE, after the one waited for last; its Call-ID.
    pub async fn wait_invite(&self, within: Duration) -> Result<Option<String>, PhoneError> {
        let before = self.awaited.invites.load(Ordering::Relaxed);
        let came = |diary: &Diary| diary.invites > before;
        self.wait("an INVITE", within, came).await?;
        self.awaited.invites.store(before + 1, Ordering::Relaxed);
        Ok(self.call_id())
    }

    /// Waits until a call is answered, on either side.
    pub async fn wait_talking(&self, within: Duration) -> Result<(), PhoneError> {
        let talking = |diary: &Diary| diary.progress == Progress::Talking;
        self.wait("an answer", within, talking).await
    }

    /// Waits until the next call is over, after the one waited for last; how it ended.
    pub async fn wait_ended(&self, within: Duration) -> Result<Progress, PhoneError> {
        let before = self.awaited.ends.load(Ordering::Relaxed);
        let over = |diary: &Diary| diary.ended > before;
        self.wait("the end of a call", within, over).await?;
        self.awaited.ends.store(self.ended(), Ordering::Relaxed);
        Ok(self.diary.borrow().last_end.clone())
    }

    /// Waits for the next time this phrase is heard, after the one waited for last.
    pub async fn wait_heard(
        &self,
        prompt: &PromptId,
        within: Duration,
    ) -> Result<HeardPhrase, PhoneError> {
        let from = self.awaited.phrases.load(Ordering::Relaxed);
        let mut found = None;
        let awaited = |diary: &Diary| {
            let mut heard = diary.heard.iter().enumerate().skip(from);
            found = heard
                .find(|(_, phrase)| phrase.heard.prompt == *prompt)
                .map(|(index, phrase)| (index, phrase.clone()));
            found.is_some()
        };
        self.wait(prompt.as_str(), within, awaited).await?;
        let (index, phrase) = found.ok_or(PhoneError::Gone)?;
        self.awaited.phrases.store(index + 1, Ordering::Relaxed);
        Ok(phrase)
    }

    /// Waits until something is found in the phone's diary.
    pub async fn wait_for<T>(
        &self,
        awaited: &str,
        within: Duration,
        mut find: impl FnMut(&Diary) -> Option<T>,
    ) -> Result<T, PhoneError> {
        let mut found = None;
        let is_there = |diary: &Diary| {
            found = find(diary);
            found.is_some()
        };
        self.wait(awaited, within, is_there).await?;
        found.ok_or(PhoneError::Gone)
    }

    /// All it has lived through so far.
    pub fn diary(&self) -> Diary {
        self.diary.borrow().clone()
    }

    /// All it received so far, but for the last half second.
    pub fn tape(&self) -> Tape {
        let recording = self.recording.lock();
        recording.unwrap_or_else(PoisonError::into_inner).tape()
    }

    /// All phrases heard so far, in the order they ended.
    pub fn heard(&self) -> Vec<HeardPhrase> {
        self.diary.borrow().heard.clone()
    }

    /// All keys received so far.
    pub fn keys(&self) -> Vec<(Key, Moment)> {
        self.diary.borrow().keys.clone()
    }

    pub fn progress(&self) -> Progress {
        self.diary.borrow().progress.clone()
    }

    /// How many INVITEs came.
    pub fn invites(&self) -> u32 {
        self.diary.borrow().invites
    }

    /// How many calls are over.
    pub fn ended(&self) -> u32 {
        self.diary.borrow().ended
    }

    /// The Call-ID of the call it is in, or was in last.
    pub fn call_id(&self) -> Option<String> {
        self.diary.borrow().call_id.clone()
    }

    /// Writes what it received (left) and sent (right) as a WAV file.
    pub fn write_wav(&self, file: &Path) -> io::Result<()> {
        let recording = self.recording.lock();
        let wav = recording.unwrap_or_else(PoisonError::into_inner).wav();
        std::fs::write(file, wav)
    }

    /// Hangs up, hears what is left and ends; its diary and its tape.
    pub async fn close(self) -> (Diary, Tape) {
        let Self {
            commands,
            diary,
            tasks,
            recording,
            ..
        } = self;
        drop(commands);
        for task in tasks {
            // A task that panicked has told so itself.
            let _ = task.await;
        }
        let tape = recording.lock();
        let tape = tape.unwrap_or_else(PoisonError::into_inner).tape();
        (diary.borrow().clone(), tape)
    }

    async fn tell(&self, command: Command) -> Result<(), PhoneError> {
        let told = self.commands.send(command).await;
        told.map_err(|_| PhoneError::Gone)
    }

    async fn wait(
        &self,
        awaited: &str,
        within: Duration,
        is_there: impl FnMut(&Diary) -> bool,
    ) -> Result<(), PhoneError> {
        let mut diary = self.diary.clone();
        match timeout(within, diary.wait_for(is_there)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(PhoneError::Gone),
            Err(_) => Err(PhoneError::Late {
                awaited: awaited.to_owned(),
                within,
                progress: self.progress(),
            }),
        }
    }
}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late {
                awaited,
                within,
                progress,
            } => write!(
                f,
                "wait {within:?} for {awaited}: the phone is {progress:?}"
            ),
            Self::NoAddress(target) => write!(f, "call {target}: its host is no address"),
            Self::Gone => f.write_str("the phone has ended"),
        }
    }
}

impl std::error::Error for PhoneError {}
