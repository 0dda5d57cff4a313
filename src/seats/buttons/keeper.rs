use std::fmt;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::choice::{Candidate, Sought, ranked};
use super::device::{Device, Finder, OpenError, Write};
use super::news::ButtonNews;
use super::reader::Reader;
use super::{Orders, locked};
use crate::buttons::{self, Action, Input, Lamps, Layout};
use crate::words::Moment;

/// What the thread is woken by.
#[derive(Debug)]
pub(super) enum Word {
    /// There are orders; they are looked at with every word.
    Ordered,
    /// The device of this number sent a report.
    Report { number: u64, bytes: Vec<u8> },
    /// It can no longer be read.
    Gone { number: u64 },
}

/// Keeps one headset: the one that is wished most of those that are there.
pub(super) struct Keeper {
    finder: Finder,
    clock: fn() -> Moment,
    voice: Voice,
    orders: Arc<Mutex<Orders>>,
    search: Search,
    lamps: Lamps,
    held: Option<Held>,
    readers: Readers,
}

/// Tells news, none twice in a row but presses.
struct Voice {
    news: Box<dyn Fn(ButtonNews) + Send>,
    /// What was told last of the device.
    told: Option<ButtonNews>,
}

#[derive(Debug, Default)]
struct Search {
    sought: Option<Sought>,
    /// Looks still to be taken before it is told that there is nothing.
    looks_left: u8,
}

#[derive(Debug)]
struct Readers {
    /// Where they answer.
    words: SyncSender<Word>,
    /// Devices opened so far: what an earlier one still says is not heard.
    opened: u64,
    /// Those that were told to stop: each ends within a second, and is forgotten at the next look.
    leaving: Vec<Reader>,
}

/// A headset that is open.
struct Held {
    number: u64,
    candidate: Candidate,
    buttons: buttons::Buttons,
    write: Write,
    reader: Reader,
}

/// A device is plugged in before udev has given the user its rights, and a sound card before its buttons.
const LOOKS: u8 = 3;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(700);

impl Keeper {
    pub(super) fn new(
        finder: Finder,
        clock: fn() -> Moment,
        news: Box<dyn Fn(ButtonNews) + Send>,
        (orders, words): (Arc<Mutex<Orders>>, SyncSender<Word>),
    ) -> Self {
        Self {
            finder,
            clock,
            voice: Voice { news, told: None },
            orders,
            search: Search::default(),
            lamps: Lamps::default(),
            held: None,
            readers: Readers {
                words,
                opened: 0,
                leaving: Vec::new(),
            },
        }
    }

    /// Runs until it is told to leave.
    pub(super) fn run(mut self, inbox: &Receiver<Word>) {
        while let Some(word) = self.next(inbox) {
            if self.obey().is_break() {
                break;
            }
            match word {
                Word::Ordered => {}
                Word::Report { number, bytes } => self.heard(number, &bytes),
                Word::Gone { number } => self.lost(number),
            }
        }
        self.show(Lamps::default());
        self.let_go();
        for reader in self.readers.leaving {
            // Nobody reads their last words, and they must not wait for room.
            while inbox.try_recv().is_ok() {}
            reader.join();
        }
    }

    /// The next word; where a look found nothing, it looks again meanwhile.
    fn next(&mut self, inbox: &Receiver<Word>) -> Option<Word> {
        while self.search.looks_left > 0 {
            match inbox.recv_timeout(LOOK_AGAIN_AFTER) {
                Ok(word) => return Some(word),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        inbox.recv().ok()
    }

    fn obey(&mut self) -> ControlFlow<()> {
        let orders = std::mem::take(&mut *locked(&self.orders));
        if let Some(lamps) = orders.show {
            self.show(lamps);
        }
        if orders.leave {
            return ControlFlow::Break(());
        }
        if let Some(sought) = orders.look {
            self.search.sought = Some(sought);
            self.search.looks_left = LOOKS;
            self.look();
        }
        ControlFlow::Continue(())
    }

    fn show(&mut self, lamps: Lamps) {
        self.lamps = lamps;
        self.handle(Input::Show(lamps));
    }

    fn heard(&mut self, number: u64, report: &[u8]) {
        if self.held.as_ref().is_some_and(|held| held.number == number) {
            self.handle(Input::Report(report));
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = (self.clock)();
        let Some(held) = &mut self.held else {
            return;
        };
        for action in held.buttons.handle(input, now) {
            match action {
                Action::Pressed(press) => self.voice.say(ButtonNews::Pressed(press)),
                Action::Write(report) => held.light(&report),
            }
        }
    }

    fn lost(&mut self, number: u64) {
        if self.held.as_ref().is_none_or(|held| held.number != number) {
            return;
        }
        if let Some(name) = self.let_go() {
            self.voice.tell(ButtonNews::Gone { name });
        }
        // Not at once: one that opens and cannot be read would be opened without end.
        self.search.looks_left = LOOKS;
    }

    /// Opens the best device that lets itself be opened, unless that is the one we hold.
    fn look(&mut self) {
        self.readers.leaving.retain(|reader| !reader.has_ended());
        self.search.looks_left = self.search.looks_left.saturating_sub(1);
        let Some(sought) = &self.search.sought else {
            return;
        };
        let mut outcome = ButtonNews::Missing;
        for candidate in ranked((self.finder.list)(), sought) {
            match self.take(&candidate) {
                Ok(()) => {
                    self.search.looks_left = 0;
                    let name = candidate.name;
                    return self.voice.tell(ButtonNews::Found { name });
                }
                // The best one's trouble is told, not the last one's.
                Err(trouble) if outcome == ButtonNews::Missing => outcome = trouble,
                Err(_) => {}
            }
        }
        if let Some(name) = self.let_go() {
            self.voice.tell(ButtonNews::Gone { name });
        }
        if self.search.looks_left == 0 {
            self.voice.tell(outcome);
        }
    }

    /// Opens it and lets go of the one before, unless we hold it already.
    fn take(&mut self, candidate: &Candidate) -> Result<(), ButtonNews> {
        let held = self.held.as_ref().map(|held| &held.candidate);
        if held == Some(candidate) {
            return Ok(());
        }
        let (layout, device) = self.open(candidate)?;
        let number = self.readers.opened.saturating_add(1);
        let reader = Reader::start(device.read, number, self.readers.words.clone())
            .map_err(|error| candidate.unfit(&error))?;
        self.let_go();
        self.readers.opened = number;
        self.held = Some(Held {
            number,
            candidate: candidate.clone(),
            buttons: buttons::Buttons::new(layout),
            write: device.write,
            reader,
        });
        self.show(self.lamps);
        Ok(())
    }

    fn open(&mut self, candidate: &Candidate) -> Result<(Layout, Device), ButtonNews> {
        let device = (self.finder.open)(candidate).map_err(|error| match error {
            OpenError::Denied => ButtonNews::Denied {
                name: candidate.name.clone(),
                path: candidate.path.clone(),
            },
            OpenError::Failed(why) => candidate.unfit(&why),
        })?;
        let layout = Layout::read(&device.descriptor).map_err(|error| candidate.unfit(&error))?;
        tracing::info!(
            headset = candidate.name,
            controls = ?layout.controls().collect::<Vec<_>>(),
            lamps = ?layout.lamps().collect::<Vec<_>>(),
            "a headset's buttons are read"
        );
        Ok((layout, device))
    }

    /// The name of the headset that was held.
    fn let_go(&mut self) -> Option<String> {
        let held = self.held.take()?;
        held.reader.stop();
        self.readers.leaving.push(held.reader);
        Some(held.candidate.name)
    }
}

impl Voice {
    fn say(&self, news: ButtonNews) {
        (self.news)(news);
    }

    fn tell(&mut self, news: ButtonNews) {
        if self.told.as_ref() != Some(&news) {
            self.told = Some(news.clone());
            self.say(news);
        }
    }
}

impl Candidate {
    fn unfit(&self, why: &impl fmt::Display) -> ButtonNews {
        ButtonNews::Unfit {
            name: self.name.clone(),
            why: why.to_string(),
        }
    }
}

impl Held {
    fn light(&mut self, report: &[u8]) {
        if let Err(error) = (self.write)(report) {
            // Unplugged: the reader says so too. Else it is a lamp that stays dark, and the call goes on.
            tracing::warn!(%error, headset = self.candidate.name, "light a headset's lamp");
        }
    }
}
