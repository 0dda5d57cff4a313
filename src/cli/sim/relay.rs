//! `thirdring sim relay`: datagrams between two addresses, with the weather of a bad line; lines on standard input change it.

use std::io::{BufRead, stdin};
use std::thread;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::cli::Teller;
use crate::cli::arguments::RelayArguments;
use crate::cli::failure::Failure;
use crate::cli::table::Table;
use crate::impairment::Path;
use crate::sim::{Order, Relay};
use crate::words::{Entropy, Sentence};

/// Lines that were read and not yet obeyed.
const LINES_MAX: usize = 16;

pub(super) fn run(arguments: &RelayArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let seed = super::seed(arguments.seed)?;
    super::runtime()?.block_on(work(arguments, seed, teller))
}

async fn work(
    arguments: &RelayArguments,
    seed: u64,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let RelayArguments { listen, to, .. } = *arguments;
    let weather = [arguments.there, arguments.back];
    let relay = Relay::open(listen, to, weather, Entropy::from_number(seed)).await;
    let mut relay = relay.map_err(|why| Failure::Sim(why.sentence()))?;
    announce(&relay, arguments, seed, teller)?;
    let mut lines = lines();
    loop {
        tokio::select! {
            () = relay.carry() => {}
            line = lines.recv() => match line {
                Some(line) if obey(&line, &mut relay, teller)? => break,
                Some(_) => {}
                None => {
                    // Nobody tells it anything any more: it goes on as it is until it is interrupted.
                    tokio::select! {
                        () = relay.carry() => {}
                        _ = tokio::signal::ctrl_c() => break,
                    }
                }
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    statistics(&relay, teller)
}

/// Standard input, read on a thread of its own: it may wait for ever.
fn lines() -> mpsc::Receiver<String> {
    let (read, lines) = mpsc::channel(LINES_MAX);
    thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if read.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Whether it is to end. What cannot be meant is told and changes nothing.
fn obey(line: &str, relay: &mut Relay, teller: &mut Teller<'_>) -> Result<bool, Failure> {
    if line.trim().is_empty() {
        return Ok(false);
    }
    match line.parse::<Order>() {
        Ok(Order::Quit) => return Ok(true),
        Ok(Order::Statistics) => statistics(relay, teller)?,
        Ok(Order::Change { side, words }) => match relay.change(side, &words) {
            Ok(()) => tell_weather(relay, teller)?,
            Err(why) => tell_refused(&why, teller)?,
        },
        Err(why) => tell_refused(&why, teller)?,
    }
    teller.out.flush().map_err(Failure::Output)?;
    Ok(false)
}

fn tell_refused(why: &Sentence, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let told = teller.texts.say(why, teller.language);
    match teller.json {
        true => teller.line(&json!({ "refused": told }).to_string()),
        false => teller.line(&told),
    }
}

fn announce(
    relay: &Relay,
    arguments: &RelayArguments,
    seed: u64,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let address = relay.address().map_err(|why| Failure::not_started(&why))?;
    let (address, to, seed) = (
        address.to_string(),
        arguments.to.to_string(),
        seed.to_string(),
    );
    let told = match teller.json {
        true => json!({ "listens": address, "leads_to": to, "seed": seed }).to_string(),
        false => {
            let values = [("address", &*address), ("to", &*to), ("seed", &*seed)];
            teller.filled("sim.relay.open", &values)
        }
    };
    teller.line(&told)?;
    tell_weather(relay, teller)?;
    teller.out.flush().map_err(Failure::Output)
}

fn tell_weather(relay: &Relay, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let (there, back) = (relay.there().weather(), relay.back().weather());
    let (there, back) = (there.to_string(), back.to_string());
    let told = match teller.json {
        true => json!({ "there": there, "back": back }).to_string(),
        false => teller.filled("sim.relay.weather", &[("there", &there), ("back", &back)]),
    };
    teller.line(&told)
}

fn statistics(relay: &Relay, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let sides = [("there", relay.there()), ("back", relay.back())];
    if teller.json {
        let counted = sides.map(|(side, path)| (side.to_owned(), counts(path)));
        return teller.line(&Value::Object(counted.into_iter().collect()).to_string());
    }
    let mut table = Table::default();
    let names = COUNTS.map(|name| teller.text(&format!("sim.relay.{name}")));
    table.row([String::new()].into_iter().chain(names).collect());
    for (side, path) in sides {
        let counted = counts(path);
        let cells = COUNTS.map(|name| counted[name].to_string());
        let side = teller.text(&format!("sim.relay.{side}"));
        table.row([side].into_iter().chain(cells).collect());
    }
    teller.table(&table)
}

/// What is counted of a direction, by the names it has in JSON.
const COUNTS: [&str; 8] = [
    "received",
    "sent",
    "lost",
    "duplicated",
    "reordered",
    "blocked",
    "overflowed",
    "longest_ms",
];

fn counts(path: &Path) -> Value {
    let it = path.counts();
    json!({
        "received": it.received,
        "sent": it.sent,
        "lost": it.lost,
        "duplicated": it.duplicated,
        "reordered": it.reordered,
        "blocked": it.blocked,
        "overflowed": it.overflowed,
        "longest_ms": it.longest.as_millis() as u64,
    })
}
