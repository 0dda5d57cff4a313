use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::Complaint;
use super::places::Step;
use super::{
    Codec, Seat, SeatKind, Settings, Target, callbacks, check_lines, check_phones, headset, pbx,
    phone_keys, recording, seats, store,
};
use crate::words::{PhoneNumber, Sentence, Wait};

/// Values that are right alone and wrong together.
pub(super) struct Fault {
    pub(super) place: Vec<Step>,
    pub(super) complaint: Complaint,
}

/// D8: what one desk carries.
const CALLS_MAX: u16 = 2_000;
/// RFC 4028 4: no session is shorter.
const MIN_SE: Wait = Wait::new(Duration::from_secs(90));

/// `[[seat]]`, `[[target]]`, `[[sip.account]]`, `[[sip.peer]]` and `[[dial.rule]]` entries, each.
const LISTED_MAX: usize = 2_000;

pub(super) fn first_fault(settings: &Settings, has_token: bool) -> Option<Fault> {
    let seats = settings.seat.iter().enumerate();
    let targets = settings.target.iter().enumerate();
    sip(settings)
        .or_else(|| api(settings, has_token))
        .or_else(|| codecs(&settings.media.codecs))
        .or_else(|| log(settings))
        .or_else(|| recording::first_fault(settings))
        .or_else(|| store::first_fault(settings))
        .or_else(|| headset::first_fault(settings))
        .or_else(|| lists(settings))
        .or_else(|| check_lines::first_fault(settings))
        .or_else(|| callbacks::first_fault(settings))
        .or_else(|| check_phones::first_fault(settings))
        .or_else(|| seats::first_fault(settings))
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
        .or_else(|| pbx::first_fault(settings))
        .or_else(|| phone_keys::first_fault(settings))
}

fn sip(settings: &Settings) -> Option<Fault> {
    let sip = &settings.sip;
    if !(1..=CALLS_MAX).contains(&sip.calls_max) {
        return Some(fault(
            &[Step::Key("sip"), Step::Key("calls_max")],
            Sentence::of("settings.calls-max").with("count", sip.calls_max),
            Sentence::of("settings.right.calls-max").with("most", CALLS_MAX),
        ));
    }
    if sip.min_se < MIN_SE || sip.session_expires < sip.min_se {
        let key = match sip.min_se < MIN_SE {
            true => "min_se",
            false => "session_expires",
        };
        return Some(fault(
            &[Step::Key("sip"), Step::Key(key)],
            Sentence::of("settings.session-too-short").with("key", key),
            Sentence::of("settings.right.session-too-short").with("least", MIN_SE),
        ));
    }
    if !sip.trunk_uri.contains("{number}") {
        return Some(fault(
            &[Step::Key("sip"), Step::Key("trunk_uri")],
            Sentence::of("settings.trunk-uri"),
            Sentence::of("settings.right.trunk-uri")
                .with("number", "{number}")
                .with("example", "sip:{number}@{host}"),
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
            Sentence::of("settings.open-api"),
            Sentence::of("settings.right.open-api"),
        )
    })
}

/// One at least, and each once.
fn codecs(codecs: &[Codec]) -> Option<Fault> {
    let list = [Step::Key("media"), Step::Key("codecs")];
    let right = Sentence::of("settings.right.codecs");
    if codecs.is_empty() {
        return Some(fault(&list, Sentence::of("settings.no-codec"), right));
    }
    let each: BTreeSet<&Codec> = codecs.iter().collect();
    let is_once = each.len() == codecs.len();
    (!is_once).then(|| fault(&list, Sentence::of("settings.codec-twice"), right))
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
        Sentence::of("settings.log-level").with("level", wrong),
        Sentence::of("settings.right.log-level"),
    ))
}

fn lists(settings: &Settings) -> Option<Fault> {
    let seats: Vec<&str> = settings.seat.iter().map(|seat| seat.id.as_str()).collect();
    let targets = settings.target.iter().map(|target| target.id.as_str());
    let targets: Vec<&str> = targets.collect();
    let lengths = [
        (vec!["seat"], seats.len()),
        (vec!["target"], targets.len()),
        (vec!["sip", "account"], settings.sip.account.len()),
        (vec!["sip", "peer"], settings.sip.peer.len()),
        (vec!["dial", "rule"], settings.dial.rule.len()),
        (vec!["dial", "allow"], settings.dial.allow.len()),
    ];
    repeated("seat", &seats)
        .or_else(|| repeated("target", &targets))
        .or_else(|| {
            lengths
                .iter()
                .find_map(|(list, count)| too_many(list, *count))
        })
}

fn too_many(list: &[&'static str], count: usize) -> Option<Fault> {
    (count > LISTED_MAX).then(|| {
        let mut place: Vec<Step> = list.iter().copied().map(Step::Key).collect();
        place.push(Step::Nth(LISTED_MAX));
        fault(
            &place,
            Sentence::of("settings.too-many")
                .with("count", count)
                .with("list", list.join(".")),
            Sentence::of("settings.right.too-many").with("most", LISTED_MAX),
        )
    })
}

fn repeated(list: &'static str, ids: &[&str]) -> Option<Fault> {
    let mut first = BTreeMap::new();
    ids.iter().enumerate().find_map(|(n, id)| {
        let earlier = first.insert(*id, n)?;
        Some(fault(
            &[Step::Key(list), Step::Nth(n), Step::Key("id")],
            Sentence::of("settings.twice")
                .with("list", list)
                .with("id", id),
            Sentence::of("settings.right.twice").with("entry", earlier + 1),
        ))
    })
}

fn seat(settings: &Settings, n: usize, seat: &Seat) -> Option<Fault> {
    let at = |key| [Step::Key("seat"), Step::Nth(n), Step::Key(key)];
    let id = &seat.id;
    if seat.kind == SeatKind::Phone && seat.uri.is_none() && !seat.registers() {
        return Some(fault(
            &at("kind"),
            Sentence::of("settings.phone-without-address").with("id", id),
            Sentence::of("settings.right.phone-without-address"),
        ));
    }
    if seat.kind != SeatKind::Phone && seat.uri.is_some() {
        return Some(fault(
            &at("uri"),
            Sentence::of("settings.address-without-phone").with("id", id),
            Sentence::of("settings.right.address-without-phone"),
        ));
    }
    if (seat.kind == SeatKind::File) != seat.file.is_some() {
        return Some(fault(
            &at(if seat.file.is_some() { "file" } else { "kind" }),
            Sentence::of("settings.file-seat").with("id", id),
            Sentence::of("settings.right.file-seat"),
        ));
    }
    if seat.kind != SeatKind::Phone && seat.srtp.is_some() {
        return Some(fault(
            &at("srtp"),
            Sentence::of("settings.srtp-without-phone").with("id", id),
            Sentence::of("settings.right.srtp-without-phone"),
        ));
    }
    let exposed = !settings.sip.listen.ip().is_loopback() && !settings.test;
    (seat.kind.is_test() && exposed).then(|| {
        fault(
            &at("kind"),
            Sentence::of("settings.test-seat").with("id", id),
            Sentence::of("settings.right.test-seat"),
        )
    })
}

fn target(settings: &Settings, n: usize, target: &Target) -> Option<Fault> {
    let at = |key| [Step::Key("target"), Step::Nth(n), Step::Key(key)];
    let id = &target.id;
    if id.is_empty() {
        return Some(fault(
            &at("id"),
            Sentence::of("settings.target-without-name"),
            Sentence::of("settings.right.target-without-name"),
        ));
    }
    let number = target
        .uri
        .user()
        .and_then(|user| PhoneNumber::parse(user).ok());
    let numbering = settings.numbering();
    number
        .is_some_and(|number| numbering.is_emergency(&number))
        .then(|| {
            fault(
                &at("uri"),
                Sentence::of("settings.emergency-target").with("id", id),
                Sentence::of("settings.right.emergency-target"),
            )
        })
}

pub(super) fn fault(place: &[Step], title: Sentence, help: Sentence) -> Fault {
    Fault {
        place: place.to_vec(),
        complaint: Complaint::new(title, help),
    }
}
