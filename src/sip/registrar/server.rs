use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::bindings::{Binding, Bindings, Order, OutOfOrder};
use super::contacts::{BadWish, Wish};
use super::guard::Guard;
use super::judged::{Judged, Judgements};
use super::settings::{ExpiryLimits, RegistrarSettings};
use crate::sip::digest::{Verdict, Verifier};
use crate::sip::wire::{Essentials, Message, Uri};
use crate::sip::{FlowId, Hop};
use crate::words::{Entropy, Moment, Pii, SeatId};

/// Knows where the reps' own phones are.
#[derive(Debug)]
pub struct Registrar {
    domain: String,
    expires: ExpiryLimits,
    seats: BTreeMap<Pii<String>, SeatId>,
    verifier: Verifier,
    guard: Guard,
    judged: Judgements,
    bindings: Bindings,
}

/// The final response to a REGISTER, and whose phones have come, moved or gone by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: u16,
    pub reason: &'static str,
    /// Name and value; a Contact holds a user.
    pub headers: Vec<(&'static str, Pii<String>)>,
    pub changed: Option<SeatId>,
}

impl Registrar {
    pub fn new(settings: RegistrarSettings, mut entropy: Entropy) -> Self {
        let phones = settings.phones.iter();
        let seats = phones
            .clone()
            .map(|(seat, it)| (it.username.clone(), seat.clone()));
        let passwords = phones.map(|(_, it)| (it.username.clone(), it.password.clone()));
        Self {
            seats: seats.collect(),
            verifier: Verifier::new(
                &settings.domain,
                passwords.collect(),
                settings.md5,
                &mut entropy,
            ),
            domain: settings.domain,
            expires: settings.expires,
            guard: Guard::default(),
            judged: Judgements::default(),
            bindings: Bindings::default(),
        }
    }

    /// Judges one REGISTER that came over `from` (RFC 3261 10.3).
    pub fn register(&mut self, request: &Message, from: Hop, now: Moment) -> Outcome {
        self.judge(request, from, now)
            .unwrap_or_else(|refusal| refusal)
    }

    /// The phone of a seat that came last.
    pub fn locate(&self, seat: &SeatId, now: Moment) -> Option<&Binding> {
        self.bindings.latest(seat, now)
    }

    /// The seat whose phone is bound behind `hop`.
    pub fn behind(&self, hop: Hop, now: Moment) -> Option<&SeatId> {
        self.bindings.behind(hop, now)
    }

    /// The connections that phones are bound over: idle, they are their only way in.
    pub fn flows(&self, now: Moment) -> BTreeSet<FlowId> {
        self.bindings.flows(now)
    }

    /// How often which proof was given, or not.
    pub fn judgements(&self) -> &Judgements {
        &self.judged
    }

    /// A connection is gone, and with it every phone behind it; the seats that lost one.
    pub fn flow_closed(&mut self, flow: FlowId) -> Vec<SeatId> {
        self.bindings.close(flow)
    }

    /// Nobody answers there; the seats that lost a phone.
    pub fn silent(&mut self, hop: Hop) -> Vec<SeatId> {
        self.bindings.lose(|binding| binding.hop == hop)
    }

    /// When the next binding ends.
    pub fn timeout(&self) -> Option<Moment> {
        self.bindings.timeout()
    }

    /// Forgets the bindings that have ended; the seats that lost one.
    pub fn handle_timeout(&mut self, now: Moment) -> Vec<SeatId> {
        self.bindings.expire(now)
    }

    /// `Err` is a refusal, as much an outcome as the other.
    fn judge(&mut self, request: &Message, from: Hop, now: Moment) -> Result<Outcome, Outcome> {
        let essentials = Essentials::read(request)
            .map_err(|misfit| Outcome::of(400, misfit.reason(), Vec::new()))?;
        let username = self.prove(request, from, now)?;
        let seat = self.seats.get(&username).cloned();
        let seat = seat.filter(|_| self.is_own(essentials.to.uri(), &username));
        let seat = seat.ok_or_else(forbidden)?;
        let wish = Wish::read(request, &self.expires).map_err(|fault| self.unread(fault))?;
        let order = Order {
            call_id: essentials.call_id,
            cseq: essentials.cseq.number,
        };
        let changed = match wish {
            Wish::List => Ok(None),
            Wish::RemoveAll => {
                let removed = self.bindings.remove_all(&seat, &order, now);
                removed.map(|()| Some(seat.clone()))
            }
            Wish::Contacts(contacts) => {
                let updated = self.bindings.update(&seat, contacts, &order, from, now);
                updated.map(|()| Some(seat.clone()))
            }
        };
        let changed = changed.map_err(|OutOfOrder| overtaken())?;
        Ok(self.listed(&seat, changed, now))
    }

    /// Who it is, by his password; otherwise what to answer.
    fn prove(&mut self, request: &Message, from: Hop, now: Moment) -> Result<Pii<String>, Outcome> {
        let source = from.address.ip();
        if let Some(left) = self.guard.barred(source, now) {
            self.judged.count(Judged::Barred, source);
            return Err(barred(left));
        }
        let verdict = self.verifier.verify(request, source, now);
        self.judged.count(judged(&verdict), source);
        match &verdict {
            Verdict::Genuine { username } => return Ok(username.clone()),
            Verdict::Wrong { .. } => self.guard.failed(source, now),
            Verdict::Stale | Verdict::Unproven => {}
        }
        let challenges = self.verifier.challenges(&verdict, source, now).into_iter();
        let headers = challenges.map(|value| ("WWW-Authenticate", Pii::new(value)));
        Err(Outcome::of(401, "Unauthorized", headers.collect()))
    }

    /// Whether `to` is the address of record of this user; a phone may know us by address only.
    fn is_own(&self, to: &Uri, username: &Pii<String>) -> bool {
        let ours = to.host().eq_ignore_ascii_case(&self.domain) || to.address().is_some();
        ours && to.user().as_ref() == Some(username.reveal())
    }

    fn unread(&self, fault: BadWish) -> Outcome {
        match fault {
            BadWish::Contact => Outcome::of(400, "Malformed Contact", Vec::new()),
            BadWish::TooMany => Outcome::of(400, "Too Many Contacts", Vec::new()),
            BadWish::TooBrief => {
                let least = self.expires.min.as_secs().to_string();
                let headers = vec![("Min-Expires", Pii::new(least))];
                Outcome::of(423, "Interval Too Brief", headers)
            }
        }
    }

    fn listed(&self, seat: &SeatId, changed: Option<SeatId>, now: Moment) -> Outcome {
        let bindings = self.bindings.of(seat, now);
        let headers = bindings.map(|it| ("Contact", Pii::new(it.listed(now))));
        Outcome {
            changed,
            ..Outcome::of(200, "OK", headers.collect())
        }
    }
}

impl Outcome {
    fn of(code: u16, reason: &'static str, headers: Vec<(&'static str, Pii<String>)>) -> Self {
        Self {
            code,
            reason,
            headers,
            changed: None,
        }
    }
}

fn judged(verdict: &Verdict) -> Judged {
    match verdict {
        Verdict::Genuine { .. } => Judged::Proven,
        Verdict::Unproven => Judged::Asked,
        Verdict::Stale => Judged::Stale,
        Verdict::Wrong { .. } => Judged::Wrong,
    }
}

/// Says neither why nor for whom: the same to each user's name.
fn barred(left: Duration) -> Outcome {
    let seconds = left.as_secs().saturating_add(1).to_string();
    let headers = vec![("Retry-After", Pii::new(seconds))];
    Outcome::of(503, "Service Unavailable", headers)
}

fn forbidden() -> Outcome {
    Outcome::of(403, "Forbidden", Vec::new())
}

fn overtaken() -> Outcome {
    Outcome::of(500, "Server Internal Error", Vec::new())
}

#[cfg(test)]
mod tests;
