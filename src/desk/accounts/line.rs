//! One account at work: who we are there, and where its requests go.

use std::net::IpAddr;
use std::time::Duration;

use crate::desk::finder::Search;
use crate::sip::registration::Registration;
use crate::sip::{Hop, LoginId, NameAddr, Transport, Uri};
use crate::words::{Entropy, Moment};

/// One `[[sip.account]]`.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) registers: bool,
    pub(super) registration: Registration,
    pub(super) who: Who,
    pub(super) reach: Reach,
    pub(super) pulse: Pulse,
}

/// Who we are to the other side.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) identity: NameAddr,
    pub(super) login: LoginId,
    /// Every request goes by it.
    pub(super) proxy: Option<Uri>,
    /// What P-Preferred-Identity says (RFC 3325 9.2).
    pub(super) preferred: Option<Uri>,
}

/// Where the requests of a line go.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) transport: Transport,
    pub(super) targets: Vec<Hop>,
    pub(super) search: Search,
    /// Where we are registered, and over which connection.
    pub(super) home: Option<Hop>,
    /// The address of ours at which the way there begins, when last looked at.
    pub(super) way: Option<IpAddr>,
    /// The connection is being cut, for it came from an address that may not be ours any more.
    pub(super) moving: bool,
}

/// An empty datagram now and then keeps a NAT's way back open.
#[derive(Debug)]
pub(super) struct Pulse {
    /// At most; zero is never.
    pub(super) every: Duration,
    pub(super) next: Option<Moment>,
}

impl Line {
    pub(super) fn timeout(&self) -> Option<Moment> {
        let timeouts = [
            self.registration.timeout(),
            self.reach.search.timeout(),
            self.pulse.next,
        ];
        timeouts.into_iter().flatten().min()
    }

    /// Who calls: the registrar's first choice where ours is not among those it lets us use
    /// (RFC 7315 4.1).
    pub(super) fn identity(&self) -> NameAddr {
        let ours = &self.who.identity;
        let associated = self.registration.associated();
        let is_ours = |it: &NameAddr| it.uri().is_same(ours.uri());
        match associated.first() {
            Some(first) if !associated.iter().any(is_ours) => {
                NameAddr::new(ours.display().as_deref(), first.uri().clone())
            }
            Some(_) | None => ours.clone(),
        }
    }

    /// The Route of its calls: the proxy of the settings, then what the registrar said
    /// (RFC 3608 5).
    fn routes(&self) -> Vec<String> {
        let granted = self.registration.service_route();
        let is_first = |proxy: &Uri| {
            let first = granted.first().map(NameAddr::uri);
            first.is_some_and(|it| (it.host(), it.port()) == (proxy.host(), proxy.port()))
        };
        let proxy = self.who.proxy.iter().filter(|proxy| !is_first(proxy));
        let proxy = proxy.map(|proxy| format!("<{proxy}>"));
        proxy
            .chain(granted.iter().map(NameAddr::to_string))
            .collect()
    }

    /// The headers its calls carry.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let routes = self.routes().into_iter();
        let routes = routes.map(|route| ("Route".to_owned(), route));
        let preferred = self.who.preferred.iter();
        let preferred =
            preferred.map(|uri| ("P-Preferred-Identity".to_owned(), format!("<{uri}>")));
        routes.chain(preferred).collect()
    }

    /// Where its calls go: over the connection it is registered over, else where the registrar's
    /// route begins when that is an address, else where it is registered.
    pub(super) fn next_hop(&self, is_down: impl Fn(Hop) -> bool) -> Option<Hop> {
        let first = self.registration.service_route().first();
        let routed = first.and_then(|route| route.uri().hop());
        let routed = routed.filter(|hop| {
            hop.transport == Transport::Udp
                && self.reach.transport == Transport::Udp
                && self.who.proxy.is_none()
                && !is_down(*hop)
        });
        routed.or_else(|| self.reach.next_hop(is_down))
    }
}

impl Reach {
    /// Where it is registered, unless that is down; then the first place that is not.
    fn next_hop(&self, is_down: impl Fn(Hop) -> bool) -> Option<Hop> {
        let up = |hop: &Hop| !is_down(*hop);
        let home = self.home.into_iter();
        let found = home.chain(self.targets.iter().copied()).find(up);
        found
            .or(self.home)
            .or_else(|| self.targets.first().copied())
    }

    /// Where its requests go first.
    pub(super) fn peer(&self) -> Option<Hop> {
        self.home.or_else(|| self.targets.first().copied())
    }

    /// Takes the way there as it is; whether we come from elsewhere than before.
    pub(super) fn takes_way(&mut self, way: Option<IpAddr>) -> bool {
        let before = std::mem::replace(&mut self.way, way);
        way.is_some() && way != before
    }

    /// Where the place in use stands among those found now.
    pub(super) fn place_in_use(&self, tried: usize, found: &[Hop]) -> Option<usize> {
        let home = self.home.map(without_flow);
        let in_use = home.or_else(|| self.targets.get(tried).copied())?;
        found.iter().position(|hop| *hop == in_use)
    }

    /// Every place it may be called from.
    pub(super) fn hops(&self) -> impl Iterator<Item = Hop> {
        self.home.into_iter().chain(self.targets.iter().copied())
    }
}

impl Pulse {
    /// Beats from now on, each beat at 80-100 % of the whole wait (RFC 5626 4.4).
    pub(super) fn beat(&mut self, entropy: &mut Entropy, now: Moment) {
        let part = f64::from(entropy.below(200)) / 1_000.0;
        let wait = self.every.mul_f64(1.0 - part);
        self.next = (!self.every.is_zero()).then(|| now + wait);
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.next.is_some_and(|at| at <= now)
    }

    pub(super) fn stop(&mut self) {
        self.next = None;
    }
}

pub(super) fn without_flow(hop: Hop) -> Hop {
    Hop { flow: None, ..hop }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::accounts::opening::{Machine, open_line};
    use crate::settings;
    use crate::sip::registration::Action;
    use crate::sip::{Dialogs, Endpoint, Listening, Message, Settings};
    use uuid::Uuid;

    const NOW: Moment = Moment::ZERO;

    fn line(more: &str) -> Line {
        let account =
            format!("name = \"pbx\"\nusername = \"8001\"\ndomain = \"192.0.2.5\"\n{more}");
        let account: settings::Account = toml::from_str(&account).unwrap();
        let machine = Machine {
            instance: Uuid::from_u128(7),
            start_jitter: Duration::ZERO,
        };
        let settings = Settings {
            listening: Listening::udp_only("192.0.2.1:5060".parse().unwrap()),
            user: "thirdring".to_owned(),
            user_agent: "Thirdring".to_owned(),
            calls_max: 1,
            dialogs: Dialogs::default(),
        };
        let mut endpoint = Endpoint::new(settings, Entropy::from_number(1));
        let dice = &mut Entropy::from_number(2);
        open_line(&account, machine, &mut endpoint, dice, NOW).unwrap()
    }

    /// Registered with these headers in the 200.
    fn registered(more: &str, headers: &[(&str, &str)]) -> Line {
        let mut line = line(more);
        let sent = line.registration.begin(NOW);
        let Some(Action::Send { request, .. }) = sent.first() else {
            panic!("{sent:?}");
        };
        let mut response = Message::response(200, "OK");
        response.push("CSeq", request.value("CSeq").unwrap());
        for (name, value) in headers {
            response.push(name, *value);
        }
        line.registration.responded(&response, NOW);
        line
    }

    fn values(line: &Line, name: &str) -> Vec<String> {
        let headers = line.headers().into_iter();
        headers
            .filter_map(|(found, value)| (found == name).then_some(value))
            .collect()
    }

    fn hop(address: &str) -> Hop {
        Hop::udp(address.parse().unwrap())
    }

    #[test]
    fn the_registrars_route_is_the_route_of_its_calls() {
        let granted = [(
            "Service-Route",
            "<sip:192.0.2.6:5070;lr>, <sip:home.example;lr>",
        )];
        let plain = registered("", &granted);
        let granted_routes = ["<sip:192.0.2.6:5070;lr>", "<sip:home.example;lr>"];
        assert_eq!(values(&plain, "Route"), granted_routes);
        assert_eq!(plain.next_hop(|_| false), Some(hop("192.0.2.6:5070")));
        let proxy = "outbound_proxy = \"192.0.2.9:5060\"";
        let behind = registered(proxy, &granted);
        let mut routes = vec!["<sip:192.0.2.9:5060;lr>"];
        routes.extend(granted_routes);
        assert_eq!(values(&behind, "Route"), routes);
        assert_eq!(behind.next_hop(|_| false), Some(hop("192.0.2.9:5060")));
        // The edge that names itself is not gone through twice.
        let edge = registered(proxy, &[("Service-Route", "<sip:192.0.2.9;lr>")]);
        assert_eq!(values(&edge, "Route"), ["<sip:192.0.2.9;lr>"]);
        assert!(values(&registered("", &[]), "Route").is_empty());
    }

    #[test]
    fn the_registrars_first_choice_calls_where_ours_is_not_among_them() {
        let named = "display_name = \"Hotline\"";
        let who = |uris: &str| registered(named, &[("P-Associated-URI", uris)]).identity();
        let ours = "\"Hotline\" <sip:8001@192.0.2.5>";
        assert_eq!(who("<sip:4001@b>, <sip:8001@192.0.2.5>").to_string(), ours);
        assert_eq!(
            who("<sip:4001@b>, <tel:+861055550100>").to_string(),
            "\"Hotline\" <sip:4001@b>"
        );
        assert_eq!(line(named).identity().to_string(), ours);
    }

    #[test]
    fn the_preferred_identity_is_a_wish_of_the_settings() {
        let wish = registered("preferred_identity = \"sip:4001@pbx.example\"", &[]);
        assert_eq!(
            values(&wish, "P-Preferred-Identity"),
            ["<sip:4001@pbx.example>"]
        );
        assert!(values(&registered("", &[]), "P-Preferred-Identity").is_empty());
    }

    #[test]
    fn calls_go_where_it_is_registered_and_on_where_that_is_down() {
        let mut line = line("");
        let (first, second) = (hop("192.0.2.5:5060"), hop("192.0.2.6:5060"));
        assert_eq!(line.next_hop(|_| false), Some(first));
        line.reach.targets.push(second);
        line.reach.home = Some(second);
        assert_eq!(line.next_hop(|_| false), Some(second));
        assert_eq!(line.next_hop(|hop| hop == second), Some(first));
        assert_eq!(line.next_hop(|_| true), Some(second));
        line.reach.targets.clear();
        line.reach.home = None;
        assert_eq!(line.next_hop(|_| false), None);
    }

    #[test]
    fn the_place_in_use_is_found_in_a_new_list() {
        let mut reach = line("").reach;
        let (old, new) = (hop("192.0.2.5:5060"), hop("192.0.2.8:5060"));
        assert_eq!(reach.place_in_use(0, &[new, old]), Some(1));
        assert_eq!(reach.place_in_use(0, &[new]), None);
        reach.home = Some(new);
        assert_eq!(reach.place_in_use(0, &[old, new]), Some(1));
    }

    #[test]
    fn a_way_that_is_gone_and_comes_back_is_another() {
        let mut reach = line("").reach;
        let ip = |last| Some(IpAddr::from([192, 0, 2, last]));
        assert!(reach.takes_way(ip(1)) && !reach.takes_way(ip(1)));
        assert!(reach.takes_way(ip(2)));
        assert!(!reach.takes_way(None), "there is nowhere to register from");
        assert!(reach.takes_way(ip(2)));
    }

    #[test]
    fn beats_come_at_four_to_five_fifths_of_the_wait_and_none_where_it_is_zero() {
        let dice = &mut Entropy::from_number(3);
        let mut pulse = Pulse {
            every: Duration::from_secs(25),
            next: None,
        };
        let waits: Vec<Duration> = (0..200)
            .map(|_| {
                pulse.beat(dice, NOW);
                NOW.until(pulse.next.unwrap())
            })
            .collect();
        let (first, last) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*first >= Duration::from_secs(20) && *last <= Duration::from_secs(25));
        pulse.every = Duration::ZERO;
        pulse.beat(dice, NOW);
        assert_eq!(pulse.next, None);
    }
}
