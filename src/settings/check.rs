use std::collections::BTreeMap;

use super::error::Complaint;
use super::places::Step;
use super::{Seat, SeatKind, Settings, Target};
use crate::words::PhoneNumber;

/// Values that are right alone and wrong together.
pub(super) struct Fault {
    pub(super) place: Vec<Step>,
    pub(super) complaint: Complaint,
}

/// D8: what one desk carries.
const CALLS_MAX: u16 = 2_000;

/// `[[seat]]` and `[[target]]` entries, each.
const LISTED_MAX: usize = 2_000;

pub(super) fn first_fault(settings: &Settings, has_token: bool) -> Option<Fault> {
    let seats = settings.seat.iter().enumerate();
    let targets = settings.target.iter().enumerate();
    sip(settings)
        .or_else(|| api(settings, has_token))
        .or_else(|| log(settings))
        .or_else(|| lists(settings))
        .or_else(|| {
            seats
                .into_iter()
                .find_map(|(n, seat)| self::seat(settings, n, seat))
        })
        .or_else(|| {
            targets
                .into_iter()
                .find_map(|(n, it)| target(settings, n, it))
        })
}

fn sip(settings: &Settings) -> Option<Fault> {
    let sip = &settings.sip;
    if !(1..=CALLS_MAX).contains(&sip.calls_max) {
        return Some(fault(
            &[Step::Key("sip"), Step::Key("calls_max")],
            format!("{} calls at once", sip.calls_max),
            &format!("write a number from 1 to {CALLS_MAX}"),
        ));
    }
    if !sip.trunk_uri.contains("{number}") {
        return Some(fault(
            &[Step::Key("sip"), Step::Key("trunk_uri")],
            "a trunk address without the number to dial".to_owned(),
            "put {number} where the number goes, such as \"sip:{number}@{host}\"",
        ));
    }
    None
}

fn api(settings: &Settings, has_token: bool) -> Option<Fault> {
    let api = &settings.api;
    let open = !api.listen.ip().is_loopback() && api.token_file.is_none() && !has_token;
    open.then(|| {
        fault(
            &[Step::Key("api"), Step::Key("listen")],
            "the API would be open to the network without a token".to_owned(),
            "set api.token_file or THIRDRING_TOKEN, or listen on 127.0.0.1",
        )
    })
}

/// What a log line can be as grave as.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A level, or `module=level`, separated by commas.
fn log(settings: &Settings) -> Option<Fault> {
    let mut parts = settings.log.level.split(',').map(str::trim);
    let wrong = parts.find(|part| {
        let level = part.rsplit_once('=').map_or(*part, |(_, level)| level);
        !LEVELS.contains(&level)
    })?;
    Some(fault(
        &[Step::Key("log"), Step::Key("level")],
        format!("`{wrong}` is no level of the log"),
        "write error, warn, info, debug or trace, also by module: \"info,thirdring::sip=debug\"",
    ))
}

fn lists(settings: &Settings) -> Option<Fault> {
    let seats: Vec<&str> = settings.seat.iter().map(|seat| seat.id.as_str()).collect();
    let targets = settings.target.iter().map(|target| target.id.as_str());
    let targets: Vec<&str> = targets.collect();
    [("seat", seats), ("target", targets)]
        .into_iter()
        .find_map(|(list, ids)| repeated(list, &ids).or_else(|| too_many(list, ids.len())))
}

fn too_many(list: &'static str, count: usize) -> Option<Fault> {
    (count > LISTED_MAX).then(|| {
        fault(
            &[Step::Key(list), Step::Nth(LISTED_MAX)],
            format!("{count} entries of [[{list}]]"),
            &format!("one desk has at most {LISTED_MAX}"),
        )
    })
}

fn repeated(list: &'static str, ids: &[&str]) -> Option<Fault> {
    let mut first = BTreeMap::new();
    ids.iter().enumerate().find_map(|(n, id)| {
        let earlier = first.insert(*id, n)?;
        Some(fault(
            &[Step::Key(list), Step::Nth(n), Step::Key("id")],
            format!("{list} `{id}` is there twice"),
            &format!("entry {} has this id already: choose another", earlier + 1),
        ))
    })
}

fn seat(settings: &Settings, n: usize, seat: &Seat) -> Option<Fault> {
    let at = |key| [Step::Key("seat"), Step::Nth(n), Step::Key(key)];
    let id = &seat.id;
    if seat.kind == SeatKind::Phone && seat.uri.is_none() {
        return Some(fault(
            &at("kind"),
            format!("seat `{id}` is a phone without an address"),
            "add uri = \"sip:rep@host:port\"",
        ));
    }
    if seat.kind != SeatKind::Phone && seat.uri.is_some() {
        return Some(fault(
            &at("uri"),
            format!("seat `{id}` has an address and is no phone"),
            "write kind = \"phone\", or leave the uri out",
        ));
    }
    if (seat.kind == SeatKind::File) != seat.file.is_some() {
        return Some(fault(
            &at(if seat.file.is_some() { "file" } else { "kind" }),
            format!("seat `{id}`: kind \"file\" and a file go together"),
            "write both kind = \"file\" and file = \"speech.flac\", or neither",
        ));
    }
    let exposed = !settings.sip.listen.ip().is_loopback() && !settings.test;
    (seat.kind.is_test() && exposed).then(|| {
        fault(
            &at("kind"),
            format!("seat `{id}` is for tests, and sip.listen is open to the network"),
            "start with --test, or listen on 127.0.0.1: nobody would sit at this seat",
        )
    })
}

fn target(settings: &Settings, n: usize, target: &Target) -> Option<Fault> {
    let at = |key| [Step::Key("target"), Step::Nth(n), Step::Key(key)];
    let id = &target.id;
    if id.is_empty() {
        return Some(fault(
            &at("id"),
            "a target without a name".to_owned(),
            "write id = \"billing\", or whatever reps call it",
        ));
    }
    let number = target
        .uri
        .user()
        .and_then(|user| PhoneNumber::parse(user).ok());
    number
        .is_some_and(|number| settings.country.is_emergency(&number))
        .then(|| {
            fault(
                &at("uri"),
                format!("target `{id}` is an emergency number"),
                "a caller in need dials it himself: choose another target",
            )
        })
}

fn fault(place: &[Step], title: String, help: &str) -> Fault {
    Fault {
        place: place.to_vec(),
        complaint: Complaint {
            title,
            label: "here".to_owned(),
            help: Some(help.to_owned()),
        },
    }
}
