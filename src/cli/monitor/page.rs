//! The page: how the agent is, its seats, its calls, what is promised.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};

use super::super::{Teller, show};
use super::Snapshot;
use crate::console::{CallView, CallbackView, SeatView};
use crate::words::Party;

/// Seconds from one phrase to a waiting caller to the next (R20).
const GRID_S: u64 = 15;
/// Cells of the bar that fills until it.
const BAR: u64 = 10;
/// Below it most users are dissatisfied (G.107 Annex B).
const POOR_MOS: f32 = 3.6;

pub(super) fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot, teller: &Teller<'_>) {
    let rows = Layout::vertical([Constraint::Length(2), Constraint::Min(4)]);
    let [head, body] = rows.areas(frame.area());
    frame.render_widget(Paragraph::new(heading(snapshot, teller)), head);
    let columns = Layout::horizontal([Constraint::Length(38), Constraint::Min(40)]);
    let [left, right] = columns.areas(body);
    let halves = Layout::vertical([Constraint::Percentage(50), Constraint::Percentage(50)]);
    let [above, below] = halves.areas(right);
    seats(frame, left, snapshot, teller);
    calls(frame, above, &snapshot.calls, teller);
    callbacks(frame, below, snapshot, teller);
}

fn heading(snapshot: &Snapshot, teller: &Teller<'_>) -> Line<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut line = Line::from(vec![
        Span::styled("Thirdring ", bold),
        Span::raw(format!("{}  ", snapshot.agent)),
    ]);
    match &snapshot.health {
        Err(why) => line.push_span(Span::styled(why.clone(), bad())),
        Ok(health) => {
            let calls = health.calls.to_string();
            line.push_span(Span::raw(
                teller.filled("monitor.calls", &[("calls", &calls)]),
            ));
            line.push_span("  ");
            let alarms = match (health.ok, &health.alarms[..]) {
                (true, []) => {
                    Span::styled(teller.text("monitor.well"), Style::new().fg(Color::Green))
                }
                (true, alarms) => Span::styled(alarms.join(" "), bad()),
                (false, _) => Span::styled(teller.text("monitor.stopping"), bad()),
            };
            line.push_span(alarms);
        }
    }
    line
}

fn seats(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, teller: &Teller<'_>) {
    let row = |seat: &SeatView| {
        let since = seat.since_utc.map(|since| lasted(since, snapshot.at));
        Row::new(vec![
            Cell::from(seat.id.to_string()),
            Cell::from(teller.word("seat-state", &seat.state)).style(of_seat(seat)),
            Cell::from(since.unwrap_or_default()),
        ])
    };
    let widths = [
        Constraint::Length(12),
        Constraint::Min(12),
        Constraint::Length(8),
    ];
    let table = Table::new(snapshot.seats.iter().map(row), widths);
    let table = table.header(header(&["seat", "state", "lasts"], teller));
    frame.render_widget(table.block(block("monitor.seats", teller)), area);
}

fn of_seat(seat: &SeatView) -> Style {
    match (&*seat.state, seat.faults.is_empty()) {
        (_, false) => bad(),
        ("available", _) => Style::new().fg(Color::Green),
        ("in-call" | "ringing", _) => Style::new().fg(Color::Cyan),
        (_, true) => Style::new(),
    }
}

fn calls(frame: &mut Frame<'_>, area: Rect, calls: &[CallView], teller: &Teller<'_>) {
    let row = |call: &CallView| {
        let quality = call.quality.get(&Party::Caller);
        let mos = quality.and_then(|quality| Some(quality.heard.as_ref()?.moscq));
        let loss = quality.and_then(|quality| Some(quality.heard.as_ref()?.nlr_percent));
        Row::new(vec![
            Cell::from(show::number(call.caller.as_ref())),
            Cell::from(teller.word("state", &call.state)),
            Cell::from(
                call.seat
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            Cell::from(waiting(call.waiting_s)),
            Cell::from(teller.word("line", &call.line.caller)).style(of_line(&call.line.caller)),
            Cell::from(mos.map(|mos| format!("{mos:.1}")).unwrap_or_default()).style(of_mos(mos)),
            Cell::from(loss.map(|loss| format!("{loss:.1} %")).unwrap_or_default()),
        ])
    };
    let widths = [
        Constraint::Length(14),
        Constraint::Length(12),
        Constraint::Length(8),
        Constraint::Length(17),
        Constraint::Min(8),
        Constraint::Length(4),
        Constraint::Length(7),
    ];
    let columns = ["caller", "state", "seat", "waiting", "line", "mos", "loss"];
    let table = Table::new(calls.iter().map(row), widths).header(header(&columns, teller));
    frame.render_widget(table.block(block("monitor.calls-head", teller)), area);
}

/// How long, and how far it is to the next words.
fn waiting(seconds: u64) -> String {
    if seconds == 0 {
        return String::new();
    }
    let full = (seconds % GRID_S) * BAR / GRID_S;
    let bar: String = (0..BAR)
        .map(|cell| if cell < full { '▮' } else { '▯' })
        .collect();
    format!("{bar} {seconds} s")
}

fn of_line(verdict: &str) -> Style {
    match verdict {
        "fine" | "unknown" => Style::new(),
        _ => bad(),
    }
}

fn of_mos(mos: Option<f32>) -> Style {
    match mos {
        Some(mos) if mos < POOR_MOS => bad(),
        Some(_) | None => Style::new(),
    }
}

/// What is due first stands first; what is settled does not stand here.
fn callbacks(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, teller: &Teller<'_>) {
    let is_settled = |it: &&CallbackView| matches!(&*it.state, "done" | "given-up" | "cancelled");
    let mut open: Vec<&CallbackView> = snapshot
        .callbacks
        .iter()
        .filter(|it| !is_settled(it))
        .collect();
    open.sort_by_key(|it| it.due_utc);
    let row = |it: &&CallbackView| {
        let late = it.due_utc < snapshot.at;
        let due = match late {
            true => format!("-{}", lasted(it.due_utc, snapshot.at)),
            false => lasted(snapshot.at, it.due_utc),
        };
        Row::new(vec![
            Cell::from(due).style(if late { bad() } else { Style::new() }),
            Cell::from(show::number(Some(&it.number))),
            Cell::from(teller.word("callback-kind", &it.kind)),
            Cell::from(teller.word("callback-state", &it.state)),
            Cell::from(it.attempts.to_string()),
            Cell::from(show::safe(&it.reason)),
        ])
    };
    let widths = [
        Constraint::Length(9),
        Constraint::Length(14),
        Constraint::Length(14),
        Constraint::Length(12),
        Constraint::Length(5),
        Constraint::Min(8),
    ];
    let columns = ["due-in", "number", "kind", "state", "attempts", "reason"];
    let table = Table::new(open.iter().map(row), widths).header(header(&columns, teller));
    frame.render_widget(table.block(block("monitor.promises", teller)), area);
}

/// Minutes and seconds, of more than an hour hours and minutes.
fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    match seconds {
        0..3_600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{} h {:02}", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn header(columns: &[&str], teller: &Teller<'_>) -> Row<'static> {
    let cell = |name: &&str| Cell::from(teller.text(&format!("cli.column.{name}")));
    Row::new(columns.iter().map(cell)).style(Style::new().add_modifier(Modifier::DIM))
}

fn block(key: &str, teller: &Teller<'_>) -> Block<'static> {
    Block::bordered().title(teller.text(key))
}

fn bad() -> Style {
    Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
}
