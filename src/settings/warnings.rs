use super::{Network, Settings, SipUri, Srtp, TRUNK, Transport};
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
        nobody.into_iter().chain(in_clear).chain(clashes).collect()
    }

    /// Lines, phones and targets with SRTP whose signalling is not TLS: it carries the keys (RFC 4568 8.1).
    fn legs_in_clear(&self) -> Vec<&str> {
        let (sip, usual) = (&self.sip, self.media.srtp);
        let trunk = sip.trunk.as_ref();
        let trunk = trunk.map(|_| {
            let srtp = sip.trunk_srtp.unwrap_or(usual);
            (TRUNK, Transport::Udp, srtp)
        });
        let accounts = sip.account.iter();
        let accounts = accounts.map(|it| (&*it.name, it.transport, it.srtp.unwrap_or(usual)));
        let peers = sip.peer.iter();
        let peers = peers.map(|it| (&*it.name, it.transport, it.srtp.unwrap_or(usual)));
        let seats = self.seat.iter();
        let seats = seats.filter_map(|it| Some((it.id.as_str(), it.uri.as_ref()?, it.srtp)));
        let targets = self.target.iter().map(|it| (&*it.id, &it.uri, it.srtp));
        let phones = seats.chain(targets);
        let phones = phones.map(|(id, uri, srtp)| (id, transport(uri), srtp.unwrap_or(usual)));
        let lines = trunk.into_iter().chain(accounts).chain(peers);
        lines
            .chain(phones)
            .filter(|(_, transport, srtp)| *transport != Transport::Tls && *srtp != Srtp::Off)
            .map(|(name, ..)| name)
            .collect()
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

/// How an address is reached, where it says so (RFC 3261 19.1.1).
fn transport(uri: &SipUri) -> Transport {
    let text = uri.as_str().to_ascii_lowercase();
    match text.split(';').any(|part| part == "transport=tls") {
        true => Transport::Tls,
        false => Transport::Udp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warns(set: &[&str]) -> bool {
        let sets: Vec<String> = set.iter().map(|set| (*set).to_owned()).collect();
        let settings = Settings::load(None, &sets).unwrap();
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
    }
}
