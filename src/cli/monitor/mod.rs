//! `thirdring monitor`: a page of seats, calls and promises on a terminal, new each second, until q.

mod page;

use std::time::Duration;

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use serde::de::DeserializeOwned;

use super::Teller;
use super::api::Api;
use super::failure::Failure;
use crate::console::{CallView, CallbackView, HealthView, SeatView};
use crate::desk::clock;
use crate::words::width;

/// How long a page stays.
const PAGE: Duration = Duration::from_secs(1);
/// Of a page that is printed once: columns and lines.
const PRINTED: (u16, u16) = (120, 32);

/// What a page shows.
struct Snapshot {
    at: Timestamp,
    agent: String,
    /// Or why nobody answers.
    health: Result<HealthView, String>,
    seats: Vec<SeatView>,
    calls: Vec<CallView>,
    callbacks: Vec<CallbackView>,
}

pub(super) fn run(once: bool, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if once {
        return print(&Snapshot::of(api, teller)?, teller);
    }
    let mut terminal = ratatui::try_init().map_err(Failure::Output)?;
    let shown = show(&mut terminal, api, teller);
    ratatui::restore();
    shown
}

fn show(
    terminal: &mut ratatui::DefaultTerminal,
    api: &Api,
    teller: &Teller<'_>,
) -> Result<(), Failure> {
    loop {
        let snapshot = Snapshot::of(api, teller)?;
        let drawn = terminal.draw(|frame| page::draw(frame, &snapshot, teller));
        drawn.map_err(Failure::Output)?;
        if event::poll(PAGE).map_err(Failure::Output)?
            && is_quit(&event::read().map_err(Failure::Output)?)
        {
            return Ok(());
        }
    }
}

/// q, Esc, Ctrl-C.
fn is_quit(event: &Event) -> bool {
    let Event::Key(key) = event else {
        return false;
    };
    let is_interrupt =
        key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    let is_quit = matches!(key.code, KeyCode::Char('q') | KeyCode::Esc);
    key.kind == KeyEventKind::Press && (is_quit || is_interrupt)
}

fn print(snapshot: &Snapshot, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let (columns, lines) = PRINTED;
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("it is memory");
    terminal
        .draw(|frame| page::draw(frame, snapshot, teller))
        .expect("it is memory");
    let lines = lines_of(terminal.backend().buffer());
    lines.iter().try_for_each(|line| teller.line(line))
}

/// A cell behind a wide character is empty.
fn lines_of(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    rows.map(|cells| {
        let mut line = String::new();
        let mut behind = 0;
        for cell in cells {
            if behind == 0 {
                line += cell.symbol();
                behind = width(cell.symbol());
            }
            behind = behind.saturating_sub(1);
        }
        line.trim_end().to_owned()
    })
    .collect()
}

impl Snapshot {
    /// An agent that does not answer is told on the page, and asked again for the next one; that we may not ask is told
    /// at once.
    fn of(api: &Api, teller: &Teller<'_>) -> Result<Self, Failure> {
        let mut snapshot = Self {
            at: clock::utc(),
            agent: api.base.clone(),
            health: Err(String::new()),
            seats: Vec::new(),
            calls: Vec::new(),
            callbacks: Vec::new(),
        };
        let asked = snapshot.ask(api);
        match asked {
            Err(why @ (Failure::Unreachable { .. } | Failure::Foreign { .. })) => {
                snapshot.health = Err(why.told(teller.texts, teller.language));
                Ok(snapshot)
            }
            Err(why) => Err(why),
            Ok(()) => Ok(snapshot),
        }
    }

    fn ask(&mut self, api: &Api) -> Result<(), Failure> {
        let health: HealthView = api.view(&api.get_whatever_its_status("/healthz")?)?;
        self.seats = api.read("/api/v1/seats")?;
        self.calls = api.read("/api/v1/calls")?;
        // The promises' server may be gone: the page is of use without them.
        self.callbacks = readable(api.read("/api/v1/callbacks"))?;
        self.health = Ok(health);
        Ok(())
    }
}

fn readable<T: DeserializeOwned>(answer: Result<Vec<T>, Failure>) -> Result<Vec<T>, Failure> {
    match answer {
        Err(Failure::Refused(_)) => Ok(Vec::new()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests;
