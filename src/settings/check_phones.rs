//! What seats whose phones register say of themselves and of each other.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check::{Fault, fault};
use super::places::Step;
use super::{Seat, SeatKind, Secret, Settings};
use crate::words::Sentence;

/// A day: longer, and a phone that is gone is believed to be there.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);
/// Shorter, and a phone does little else.
const EXPIRES_MIN: Duration = Duration::from_secs(1);

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let seats = settings.seat.iter().enumerate();
    let mut faults: Vec<Fault> = expires(settings).into_iter().collect();
    faults.extend(seats.filter_map(|(n, it)| seat(settings, n, it)));
    faults.extend(repeated(settings));
    faults
}

fn expires(settings: &Settings) -> Option<Fault> {
    let phones = &settings.sip.phones;
    let (min, max) = (phones.expires_min.get(), phones.expires_max.get());
    let key = match () {
        () if min < EXPIRES_MIN => "expires_min",
        () if max < min || max > EXPIRES_MAX => "expires_max",
        () => return None,
    };
    let fault = fault(
        &[Step::Key("sip"), Step::Key("phones"), Step::Key(key)],
        Sentence::of("settings.phones-expires").with("key", key),
        Sentence::of("settings.right.phones-expires"),
    );
    Some(fault.leaning_on(&["sip.phones"]))
}

fn seat(settings: &Settings, n: usize, seat: &Seat) -> Option<Fault> {
    let is_phone = seat.kind == SeatKind::Phone;
    let name = seat.username.as_deref();
    let (key, wrong, right) = match (name, &seat.password) {
        (None, None) => return None,
        (Some(_), None) => (
            "username",
            "settings.half-a-login",
            "settings.right.half-a-login",
        ),
        (None, Some(_)) => ("id", "settings.half-a-login", "settings.right.half-a-login"),
        (Some(_), Some(_)) if !is_phone => (
            "username",
            "settings.login-without-phone",
            "settings.right.login-without-phone",
        ),
        (Some(_), Some(_)) if seat.uri.is_some() => (
            "uri",
            "settings.phone-in-two-places",
            "settings.right.phone-in-two-places",
        ),
        (Some(name), Some(_)) if !is_user(name) => {
            ("username", "settings.username", "settings.right.username")
        }
        (Some(_), Some(Secret::Literal(_))) if !settings.test => (
            "password",
            "settings.open-seat-password",
            "settings.right.open-password",
        ),
        (Some(_), Some(_)) => return None,
    };
    let wrong = Sentence::of(wrong).with("id", &seat.id);
    Some(fault(&at(n, key), wrong, Sentence::of(right)))
}

/// Whether it can stand before the @ of an address as it is (RFC 3261 25.1), and in a digest,
/// where ":" ends it (RFC 7616 3.4.2).
fn is_user(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,".contains(c);
    !name.is_empty() && name.chars().all(fits)
}

/// Who registers is known by his username: no two have the same.
fn repeated(settings: &Settings) -> impl Iterator<Item = Fault> {
    let mut first = BTreeMap::new();
    settings
        .seat
        .iter()
        .enumerate()
        .filter_map(move |(n, seat)| {
            let earlier = first.insert(seat.username.as_ref()?, &seat.id)?;
            Some(fault(
                &at(n, "username"),
                Sentence::of("settings.username-twice").with("id", &seat.id),
                Sentence::of("settings.right.username-twice").with("other", earlier),
            ))
        })
}

fn at(n: usize, key: &'static str) -> [Step; 3] {
    [Step::Key("seat"), Step::Nth(n), Step::Key(key)]
}
