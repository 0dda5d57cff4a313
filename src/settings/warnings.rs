use super::{Network, Settings, Srtp, TRUNK, Transport};
use crate::words::Sentence;

impl Settings {
    /// What is allowed and hardly meant, each with what would be right.
    pub fn warnings(&self) -> Vec<Sentence> {
        let nobody = self.nobody_may_call().then(|| {
            Sentence::of("settings.warning.nobody-may-call").with("listen", self.sip.listen)
        });
        let in_clear = self.legs_in_clear();
        let in_clear = (!in_clear.is_empty()).then(|| {
            Sentence::of("settings.warning.srtp-keys-in-clear").with("lines", in_clear.join(", "))
        });
        let clashes = self.phone_keys.clashes();
        let clashes = (!clashes.is_empty()).then(|| {
            Sentence::of("settings.warning.feature-codes").with("keys", clashes.join(", "))
        });
        let skills = self.skills_of_nobody();
        let skills = (!skills.is_empty()).then(|| {
            Sentence::of("settings.warning.skills-of-nobody").with("skills", skills.join(", "))
        });
        let warnings = [nobody, in_clear, clashes, skills];
        warnings.into_iter().flatten().collect()
    }

    /// Lines, phones and targets with SRTP whose signalling is not TLS: it carries the keys (RFC 4568 8.1).
    fn legs_in_clear(&self) -> Vec<&str> {
        let usual = self.media.srtp;
        let in_clear = |leg: &Leg<'_>| !leg.is_tls && leg.srtp.unwrap_or(usual) != Srtp::Off;
        let legs = self.legs_of_lines().chain(self.legs_of_phones());
        legs.filter(in_clear).map(|leg| leg.name).collect()
    }

    fn legs_of_lines(&self) -> impl Iterator<Item = Leg<'_>> {
        let sip = &self.sip;
        let trunk = sip.trunk.iter().map(|_| Leg {
            name: TRUNK,
            is_tls: false,
            srtp: sip.trunk_srtp,
        });
        let accounts = sip.account.iter().map(|account| Leg {
            name: &account.name,
            is_tls: account.transport == Transport::Tls,
            srtp: account.srtp,
        });
        let peers = sip.peer.iter().map(|peer| Leg {
            name: &peer.name,
            is_tls: peer.transport == Transport::Tls,
            srtp: peer.srtp,
        });
        trunk.chain(accounts).chain(peers)
    }

    fn legs_of_phones(&self) -> impl Iterator<Item = Leg<'_>> {
        let seats = self.seat.iter().filter_map(|seat| {
            Some(Leg {
                name: seat.id.as_str(),
                is_tls: seat.uri.as_ref()?.asks_for_tls(),
                srtp: seat.srtp,
            })
        });
        let targets = self.target.iter().map(|target| Leg {
            name: &target.id,
            is_tls: target.uri.asks_for_tls(),
            srtp: target.srtp,
        });
        seats.chain(targets)
    }

    /// It listens to the network, and everybody there is a stranger.
    fn nobody_may_call(&self) -> bool {
        let sip = &self.sip;
        let others = [sip.listen_tcp, sip.listen_tls].into_iter().flatten();
        let mut doors = std::iter::once(sip.listen).chain(others);
        let is_open = doors.any(|door| !door.ip().is_loopback());
        let lines = sip.account.len() + sip.peer.len() + usize::from(sip.trunk.is_some());
        is_open && lines == 0 && sip.trusted.iter().all(Network::is_loopback)
    }
}

/// What somebody's sound goes by.
struct Leg<'a> {
    name: &'a str,
    is_tls: bool,
    /// Its own; none: as usual.
    srtp: Option<Srtp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warns(set: &[&str]) -> bool {
        let sets: Vec<String> = set.iter().map(|set| (*set).to_owned()).collect();
        let settings = Settings::of_sets(&sets).unwrap();
        !settings.warnings().is_empty()
    }

    #[test]
    fn who_listens_to_a_network_of_strangers_is_told() {
        let open = "sip.listen=0.0.0.0:5060";
        assert!(warns(&[open]));
        assert!(!warns(&[]));
        for line in [
            "sip.trusted=[\"192.0.2.0/24\"]",
            "sip.trunk=192.0.2.1",
            "sip.peer=[{ name = \"pbx\", address = [\"192.0.2.1\"] }]",
        ] {
            assert!(!warns(&[open, line]), "{line}");
        }
    }

    #[test]
    fn who_owes_a_promise_is_a_seat_of_this_desk_where_no_other_has_the_book() {
        let owed = "callbacks.skills.expert=billing";
        let seat = |skills: &str| {
            format!("seat=[{{ id = \"rep1\", kind = \"echo\", skills = [{skills}] }}]")
        };
        assert!(warns(&[owed, &seat("")]));
        assert!(!warns(&[owed, &seat("\"billing\"")]));
        let shared = ["store.kind=postgres", "store.url={ env = \"BOOK\" }"];
        assert!(!warns(&[owed, &seat(""), shared[0], shared[1]]));
    }

    #[test]
    fn keys_of_srtp_in_clear_signalling_are_warned_of() {
        let peer = |transport: &str| {
            format!(
                "sip.peer=[{{ name = \"pbx\", host = \"192.0.2.1\", address = [\"192.0.2.1\"], transport = \"{transport}\" }}]"
            )
        };
        assert!(warns(&["media.srtp=prefer", &peer("udp")]));
        assert!(warns(&["media.srtp=require", "sip.trunk=192.0.2.1"]));
        assert!(!warns(&["media.srtp=require", &peer("tls")]));
        assert!(!warns(&["media.srtp=off", &peer("udp")]));
        let own = peer("udp").replace(" }]", ", srtp = \"prefer\" }]");
        assert!(warns(&["media.srtp=off", &own]));
        let trunk = "sip.trunk=192.0.2.1";
        assert!(warns(&["sip.trunk_srtp=prefer", trunk]));
        assert!(!warns(&["media.srtp=prefer", "sip.trunk_srtp=off", trunk]));
        let seat = |uri: &str| {
            format!(
                "seat=[{{ id = \"rep1\", kind = \"phone\", uri = \"{uri}\", srtp = \"prefer\" }}]"
            )
        };
        assert!(warns(&[&seat("sip:rep@192.0.2.20")]));
        assert!(!warns(&[&seat("sip:rep@192.0.2.20;transport=tls")]));
        assert!(!warns(&[&seat(
            "sip:rep@192.0.2.20;Transport=TLS?Priority=urgent"
        )]));
        assert!(warns(&[&seat("sip:transport=tls@192.0.2.20")]));
    }
}
