//! Reps' own phones that register here: whose they are, and what follows when one comes or goes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::records::What;
use crate::seating::Fault;
use crate::settings::{self, Settings};
use crate::sip::digest::Md5;
use crate::sip::offer_answer::SrtpPolicy;
use crate::sip::registrar::{Binding, ExpiryLimits, PhoneLogin, Registrar, RegistrarSettings};
use crate::sip::{Endpoint, Hop, LegId, Refusal, Uri};
use crate::words::{Entropy, Moment, Pii, SeatId, Sentence};

use super::guide::Route;
use super::house::{Address, Place, Way};
use super::reach::Whence;
use super::signalling::Registered;
use super::{Desk, RunError, clock};

/// Why a phone's own call is refused, for its display: numbers are dialled through the desk.
const DIAL_BY_THE_DESK: &str =
    "399 thirdring \"this phone takes calls: numbers are dialled by the desk\"";

/// Takes REGISTER where a seat's phone registers here; `ours` is what phones know us by.
pub(super) fn open(
    settings: &Settings,
    ours: IpAddr,
    endpoint: &mut Endpoint,
    entropy: &mut Entropy,
) -> Result<(), RunError> {
    let seats = settings.seat.iter().filter(|seat| seat.registers());
    let phones = seats.map(|seat| Ok((seat.id.clone(), login(seat)?)));
    let phones: BTreeMap<SeatId, PhoneLogin> = phones.collect::<Result<_, RunError>>()?;
    if phones.is_empty() {
        return Ok(());
    }
    let registrar = registrar_settings(&settings.sip.phones, ours, phones);
    let entropy = Entropy::from_seed(entropy.bytes());
    endpoint.open_registrar(Registrar::new(registrar, entropy));
    Ok(())
}

fn login(seat: &settings::Seat) -> Result<PhoneLogin, RunError> {
    let password = password(seat).map_err(|why| RunError::SeatPassword {
        seat: seat.id.clone(),
        why,
    })?;
    let username = seat.username.clone().unwrap_or_default();
    Ok(PhoneLogin {
        username: Pii::new(username),
        password,
    })
}

/// An empty one would let in whoever knows the name.
fn password(seat: &settings::Seat) -> Result<Pii<String>, Sentence> {
    let env = |name: &str| std::env::var(name).ok();
    let password = seat.password.as_ref().map(|secret| secret.read(env));
    let password = password.transpose()?;
    let password = password.filter(|password| !password.reveal().is_empty());
    password.ok_or_else(|| Sentence::of("settings.secret-empty"))
}

fn registrar_settings(
    set: &settings::Phones,
    ours: IpAddr,
    phones: BTreeMap<SeatId, PhoneLogin>,
) -> RegistrarSettings {
    let domain = set.domain.as_ref().map(ToString::to_string);
    let (min, max) = (set.expires_min.get(), set.expires_max.get());
    RegistrarSettings {
        domain: domain.unwrap_or_else(|| ours.to_string()),
        phones,
        expires: ExpiryLimits {
            min,
            max,
            default: max,
        },
        md5: match set.md5 {
            settings::Md5::Never => Md5::Never,
            settings::Md5::Offered => Md5::Offered,
            settings::Md5::Only => Md5::Only,
        },
    }
}

/// Which phone each seat has; the settings bound them.
#[derive(Debug, Default)]
pub(super) struct Phones(BTreeMap<SeatId, Uri>);

impl Phones {
    /// Takes down where the seat's phone is; whether that is another place than before.
    fn is_another(&mut self, seat: &SeatId, contact: Option<Uri>) -> bool {
        match contact {
            Some(contact) => self.0.insert(seat.clone(), contact.clone()) != Some(contact),
            None => {
                self.0.remove(seat);
                false
            }
        }
    }
}

impl Desk {
    /// The phones that have come, moved or gone: their seats are rung, or are not. The seats that have another phone
    /// than before: what they missed by the old one they should be asked again.
    #[must_use]
    pub(super) fn follow_phones(&mut self, now: Moment) -> Vec<SeatId> {
        let mut anew = Vec::new();
        let mut is_any = false;
        while let Some(seat) = self.signalling.endpoint.poll_registered() {
            is_any = true;
            let phone = self.signalling.endpoint.phone_of(&seat, now);
            let contact = phone.map(|phone| phone.contact.clone());
            let is_there = contact.is_some();
            if self
                .seating
                .set_fault(&seat, Fault::NotRegistered, !is_there, now)
            {
                self.tell_of_phone(seat.clone(), is_there, now);
                self.seats_changed(now);
            }
            if self.phones.is_another(&seat, contact) {
                anew.push(seat);
            }
        }
        if is_any {
            let flows = self.signalling.endpoint.phone_flows(now);
            self.signalling.keep_registered(Registered::Phones, flows);
        }
        anew
    }

    /// Calls that missed these seats may ring them.
    pub(super) fn ring_anew(&mut self, seats: &[SeatId], now: Moment) {
        if !seats.is_empty() {
            seats
                .iter()
                .for_each(|seat| self.seating.is_there_anew(seat));
            self.seats_changed(now);
        }
    }

    /// Nobody listens where the seat's phone was: it counts as gone until it registers again.
    pub(super) fn phone_gone(&mut self, hop: Hop, now: Moment) {
        self.signalling.endpoint.phone_gone(hop);
        let anew = self.follow_phones(now);
        self.ring_anew(&anew, now);
    }

    fn tell_of_phone(&mut self, seat: SeatId, is_there: bool, now: Moment) {
        let gauge = &self.chronicle.metrics.phones_registered;
        let state = if is_there {
            gauge.inc();
            "registered"
        } else {
            gauge.dec();
            "not-registered"
        };
        let state = state.to_owned();
        self.note_desk(What::Phone { seat, state }, now);
    }

    /// Where the seat's phone is rung: at its own Contact, by the way its REGISTER came.
    pub(super) fn phone_address(&self, seat: &SeatId, now: Moment) -> Option<(Address, Whence)> {
        let (phone, srtp) = self.phone(seat, now)?;
        let address = Address {
            uri: phone.contact.clone(),
            way: Way::Found(Route::to(phone.hop)),
            line: None,
            srtp,
            pinned: true,
        };
        Some((address, self.whence(phone.hop.address.ip())))
    }

    /// When the seat's phone counts as gone unless it registers again.
    pub(super) fn phone_until(&self, seat: &SeatId, now: Moment) -> Option<Timestamp> {
        let (phone, _) = self.phone(seat, now)?;
        Some(clock::utc_of(phone.until, now))
    }

    /// A rep is no customer: he is not greeted, and dials through the desk, which knows what may be dialled and
    /// rings him first.
    pub(super) fn decline_rep(&mut self, leg: LegId, now: Moment) {
        tracing::info!("refuse a call by a rep's phone");
        let refusal = Refusal {
            warning: Some(DIAL_BY_THE_DESK.to_owned()),
            ..Refusal::new(403)
        };
        self.reject(leg, refusal, now);
    }

    /// Where it is, and whether its sound is protected.
    fn phone(&self, seat: &SeatId, now: Moment) -> Option<(&Binding, Option<SrtpPolicy>)> {
        match self.house.seats.get(seat)? {
            Place::Registered { srtp } => {
                let phone = self.signalling.endpoint.phone_of(seat, now)?;
                Some((phone, *srtp))
            }
            Place::Phone(_) | Place::Headset | Place::Test(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(password: &str) -> settings::Seat {
        let text =
            format!("id = \"rep1\"\nkind = \"phone\"\nusername = \"8001\"\npassword = {password}");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_seat_without_a_password_lets_nobody_in() {
        assert!(login(&seat("\"sesame\"")).is_ok());
        for missing in ["\"\"", "{ file = \"no/such\" }", "{ env = \"\" }"] {
            let why = login(&seat(missing)).unwrap_err().to_string();
            assert!(why.contains("the seat 'rep1'"), "{why}");
        }
    }

    #[test]
    fn phones_know_us_by_our_address_unless_a_domain_is_set() {
        let ours = IpAddr::from([192, 0, 2, 10]);
        let domain = |set: &settings::Phones| registrar_settings(set, ours, BTreeMap::new()).domain;
        let named = settings::Phones {
            domain: "desk.example".parse().ok(),
            ..settings::Phones::default()
        };
        assert_eq!(domain(&settings::Phones::default()), "192.0.2.10");
        assert_eq!(domain(&named), "desk.example");
    }
}
