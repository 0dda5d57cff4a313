use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::complaint::Complaint;
use super::finding::{Finding, Gravity, Source};
use super::places::{Place, Step};
use super::{
    Codec, Seat, SeatKind, Settings, Target, callbacks, check_lines, check_phones, check_ports,
    headset, pbx, phone_keys, provision, recording, seats, store,
};
use crate::words::{PhoneNumber, Sentence, Wait};

/// Values that are right alone and wrong together, or with what lies on the disk.
#[derive(Debug)]
pub struct Fault {
    place: Place,
    complaint: Complaint,
    gravity: Gravity,
    /// Sections and lists beside its own that it is judged by.
    leans_on: &'static [&'static str],
}

impl Fault {
    /// What would be right is in the title.
    pub fn new(place: Place, title: Sentence) -> Self {
        Self {
            place,
            complaint: Complaint::bare(title),
            gravity: Gravity::Error,
            leans_on: &[],
        }
    }

    /// What an agent starts with, and hardly should.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.gravity = Gravity::Warning;
        self
    }

    #[cfg(test)]
    pub(super) fn help(&self) -> Option<&Sentence> {
        self.complaint.help.as_ref()
    }

    /// The sentence alone, for a log.
    pub fn title(&self) -> &Sentence {
        &self.complaint.title
    }

    #[must_use]
    pub(super) fn leaning_on(mut self, names: &'static [&'static str]) -> Self {
        self.leans_on = names;
        self
    }

    /// Whether it may be there only because what stood at `left_out` could not be read.
    pub(super) fn follows_from(&self, left_out: &Place) -> bool {
        // Where an entry was left out the next has its number.
        let is_near = left_out.holds(&self.place) || left_out.is_beside(&self.place);
        (is_near && !left_out.is_entry()) || self.leans_on.iter().any(|name| left_out.is_of(name))
    }

    /// Drawn where `find` says; without a picture where nobody wrote it.
    pub(super) fn drawn_by<'s>(
        self,
        find: impl FnOnce(&Place) -> Option<(&'s Arc<Source>, Range<usize>)>,
    ) -> Finding {
        let finding = match find(&self.place) {
            Some((source, span)) => Finding::at(source, span, self.complaint),
            None => Finding::plain(self.complaint),
        };
        finding.grave_as(self.gravity)
    }
}

/// D8: what one desk carries.
const CALLS_MAX: u16 = 2_000;
/// RFC 4028 4: no session is shorter.
const MIN_SE: Wait = Wait::new(Duration::from_secs(90));

/// `[[seat]]`, `[[target]]`, `[[sip.account]]`, `[[sip.peer]]` and `[[dial.rule]]` entries, each.
const LISTED_MAX: usize = 2_000;

pub(super) fn faults(settings: &Settings, has_token: bool) -> Vec<Fault> {
    let seats = settings.seat.iter().enumerate();
    let targets = settings.target.iter().enumerate();
    let sections = [
        sip(settings),
        api(settings, has_token).into_iter().collect(),
        codecs(&settings.media.codecs).into_iter().collect(),
        log(settings).into_iter().collect(),
        recording::faults(settings),
        store::faults(settings),
        headset::faults(settings),
        lists(settings),
        check_ports::faults(settings),
        check_lines::faults(settings),
        callbacks::faults(settings),
        check_phones::faults(settings),
        seats::faults(settings),
        seats.filter_map(|(n, it)| seat(settings, n, it)).collect(),
        targets
            .filter_map(|(n, it)| target(settings, n, it))
            .collect(),
        pbx::faults(settings),
        phone_keys::faults(settings),
        provision::faults(settings),
    ];
    sections.into_iter().flatten().collect()
}

fn sip(settings: &Settings) -> Vec<Fault> {
    let all = [calls_max(settings), session(settings), trunk_uri(settings)];
    all.into_iter().flatten().collect()
}

fn calls_max(settings: &Settings) -> Option<Fault> {
    let calls_max = settings.sip.calls_max;
    (!(1..=CALLS_MAX).contains(&calls_max)).then(|| {
        fault(
            &[Step::Key("sip"), Step::Key("calls_max")],
            Sentence::of("settings.calls-max").with("count", calls_max),
            Sentence::of("settings.right.calls-max").with("most", CALLS_MAX),
        )
    })
}

fn session(settings: &Settings) -> Option<Fault> {
    let sip = &settings.sip;
    let key = match sip.min_se < MIN_SE {
        true => "min_se",
        false if sip.session_expires < sip.min_se => "session_expires",
        false => return None,
    };
    let too_short = fault(
        &[Step::Key("sip"), Step::Key(key)],
        Sentence::of("settings.session-too-short").with("key", key),
        Sentence::of("settings.right.session-too-short").with("least", MIN_SE),
    );
    Some(too_short.leaning_on(&["sip.min_se", "sip.session_expires"]))
}

fn trunk_uri(settings: &Settings) -> Option<Fault> {
    (!settings.sip.trunk_uri.contains("{number}")).then(|| {
        fault(
            &[Step::Key("sip"), Step::Key("trunk_uri")],
            Sentence::of("settings.trunk-uri"),
            Sentence::of("settings.right.trunk-uri")
                .with("number", "{number}")
                .with("example", "sip:{number}@{host}"),
        )
    })
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
        .leaning_on(&["api"])
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

fn lists(settings: &Settings) -> Vec<Fault> {
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
    let lengths = lengths.iter();
    let mut faults = repeated("seat", &seats);
    faults.extend(repeated("target", &targets));
    faults.extend(lengths.filter_map(|(list, count)| too_many(list, *count)));
    faults
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

fn repeated(list: &'static str, ids: &[&str]) -> Vec<Fault> {
    let mut first = BTreeMap::new();
    let twice = ids.iter().enumerate().filter_map(|(n, id)| {
        let earlier = *first.entry(*id).or_insert(n);
        (earlier != n).then(|| {
            fault(
                &[Step::Key(list), Step::Nth(n), Step::Key("id")],
                Sentence::of("settings.twice")
                    .with("list", list)
                    .with("id", id),
                Sentence::of("settings.right.twice").with("entry", earlier + 1),
            )
        })
    });
    twice.collect()
}

fn seat(settings: &Settings, n: usize, seat: &Seat) -> Option<Fault> {
    let at = |key| [Step::Key("seat"), Step::Nth(n), Step::Key(key)];
    let id = &seat.id;
    let is_nowhere = seat.uri.is_none() && seat.username.is_none() && seat.password.is_none();
    if seat.kind == SeatKind::Phone && is_nowhere {
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
        place: Place::new(place.to_vec()),
        complaint: Complaint::new(title, help),
        gravity: Gravity::Error,
        leans_on: &[],
    }
}
