use super::diversion::{self, Diverted};
use crate::sip::{Invited, NameAddr, Uri};
use crate::words::{PhoneNumber, Pii};

/// Whether the sender of an INVITE is believed about who calls (D34, RFC 3325's trust domain).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Yes,
    No,
}

/// Who calls, whom he called, and who sent him on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// By the word of the network where it is trusted, else by From; `None` when withheld or no number.
    pub caller: Option<Pii<PhoneNumber>>,
    pub display: Option<Pii<String>>,
    /// He asked not to be shown (RFC 3323): what we know is not passed on.
    pub privacy: Privacy,
    /// The number that was dialled, by P-Called-Party-ID (RFC 7315 4.2) where trusted, else the
    /// Request-URI.
    pub called: Option<Pii<PhoneNumber>>,
    /// Whose telephones sent him on, the first one first.
    pub diverted: Vec<Diverted>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    Open,
    Withheld,
}

/// The privacy values that hide who calls (RFC 3323 4.2, RFC 3325 9.3).
const HIDING: [&str; 3] = ["id", "user", "header"];

/// The host of an anonymous From (RFC 3323 4.1.1.3).
const ANONYMOUS_HOST: &str = "anonymous.invalid";

impl Identity {
    pub fn of(invited: &Invited, trust: Trust) -> Self {
        let privacy = privacy(invited);
        let shown = match (privacy, trust) {
            (Privacy::Withheld, Trust::No) => None,
            (Privacy::Withheld | Privacy::Open, _) => caller(invited, trust),
        };
        let (caller, from) = shown.unzip();
        Self {
            caller,
            display: from.and_then(NameAddr::display).map(Pii::new),
            privacy,
            called: called(invited, trust),
            diverted: diversion::chain(invited),
        }
    }
}

fn privacy(invited: &Invited) -> Privacy {
    let asked = invited.header("Privacy").is_some_and(|privacy| {
        let mut values = privacy.split(';').map(str::trim);
        values.any(|value| {
            HIDING
                .iter()
                .any(|hiding| hiding.eq_ignore_ascii_case(value))
        })
    });
    if asked || is_anonymous(invited.from.uri()) {
        Privacy::Withheld
    } else {
        Privacy::Open
    }
}

fn is_anonymous(uri: &Uri) -> bool {
    uri.host().eq_ignore_ascii_case(ANONYMOUS_HOST)
}

/// The first that is a number, and in which words.
fn caller(invited: &Invited, trust: Trust) -> Option<(Pii<PhoneNumber>, &NameAddr)> {
    let asserted = match trust {
        Trust::Yes => invited.identities.as_slice(),
        Trust::No => &[],
    };
    asserted
        .iter()
        .chain([&invited.from])
        .filter(|address| !is_anonymous(address.uri()))
        .find_map(|address| Some((number(address.uri())?, address)))
}

fn called(invited: &Invited, trust: Trust) -> Option<Pii<PhoneNumber>> {
    let network = match trust {
        Trust::Yes => invited.header("P-Called-Party-ID"),
        Trust::No => None,
    };
    let network = network.and_then(|value| NameAddr::read(value).ok());
    network
        .and_then(|address| number(address.uri()))
        .or_else(|| number(&invited.called))
}

/// The number of a `tel:` URI, or of a SIP URI's user part, without the parameters that
/// `user=phone` allows there (RFC 3261 19.1.6).
pub(super) fn number(uri: &Uri) -> Option<Pii<PhoneNumber>> {
    let user = uri.user()?;
    let digits = user.split(';').next()?;
    PhoneNumber::parse(digits).ok().map(Pii::new)
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::sip::Hop;

    /// An INVITE with its From, identities and headers.
    pub(in crate::dialling) fn invited(
        from: &str,
        identities: &[&str],
        headers: &[(&'static str, &str)],
    ) -> Invited {
        let read = |value: &str| NameAddr::read(value).unwrap();
        let header = |(name, value): &(&'static str, &str)| (*name, Pii::new((*value).to_owned()));
        Invited {
            call_id: "1".to_owned(),
            from: read(from),
            identities: identities.iter().copied().map(read).collect(),
            called: "sip:4008001234@192.0.2.9".parse().unwrap(),
            offer: None,
            source: Hop::udp("192.0.2.1:5060".parse().unwrap()),
            headers: headers.iter().map(header).collect(),
            replaces: None,
            auto_answer: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::invited;
    use super::*;

    fn caller(from: &str, identities: &[&str], trust: Trust) -> Option<String> {
        let identity = Identity::of(&invited(from, identities, &[]), trust);
        Some(identity.caller?.reveal().as_str().to_owned())
    }

    const FROM: &str = "<sip:1001@192.0.2.1>";
    const ASSERTED: &str = "\"A\" <sip:+8613800138000@192.0.2.1>";

    #[test]
    fn the_networks_word_counts_where_it_is_trusted() {
        let number = |trust| caller(FROM, &[ASSERTED], trust).unwrap();
        assert_eq!(number(Trust::Yes), "+8613800138000");
        assert_eq!(number(Trust::No), "1001");
        let named = caller(FROM, &["<sip:alice@192.0.2.1>"], Trust::Yes);
        assert_eq!(named.unwrap(), "1001", "a name is no number");
    }

    #[test]
    fn numbers_stand_in_tel_and_in_telephone_users() {
        for from in [
            "<tel:+86-138-0013-8000;ext=1>",
            "<sip:+86138-0013-8000;isub=1@192.0.2.1;user=phone>",
            "sip:%2B8613800138000@192.0.2.1;tag=1",
        ] {
            assert_eq!(caller(from, &[], Trust::No).unwrap(), "+8613800138000");
        }
    }

    #[test]
    fn who_withholds_his_number_stays_unknown_to_those_not_trusted() {
        let asks = invited(FROM, &[ASSERTED], &[("Privacy", "id;critical")]);
        let untrusted = Identity::of(&asks, Trust::No);
        assert_eq!((untrusted.caller, untrusted.display), (None, None));
        let trusted = Identity::of(&asks, Trust::Yes);
        assert!(trusted.caller.is_some());
        assert_eq!(trusted.privacy, Privacy::Withheld);
    }

    #[test]
    fn an_anonymous_from_names_nobody() {
        for from in [
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
            "<sip:13800138000@anonymous.invalid>",
        ] {
            let identity = Identity::of(&invited(from, &[], &[]), Trust::Yes);
            assert_eq!(identity.caller, None);
            assert_eq!(identity.privacy, Privacy::Withheld);
        }
    }

    #[test]
    fn the_called_number_is_the_one_that_was_dialled() {
        let header = [("P-Called-Party-ID", "<sip:95588@192.0.2.1>")];
        let called = |trust| {
            let identity = Identity::of(&invited(FROM, &[], &header), trust);
            identity.called.unwrap().reveal().as_str().to_owned()
        };
        assert_eq!(called(Trust::Yes), "95588");
        assert_eq!(called(Trust::No), "4008001234");
    }

    #[test]
    fn nothing_of_an_identity_prints() {
        let header = [("Diversion", "<sip:02087654321@192.0.2.1>;reason=no-answer")];
        let identity = Identity::of(&invited(FROM, &[ASSERTED], &header), Trust::Yes);
        let printed = format!("{identity:?}");
        assert!(
            !printed.contains("138") && !printed.contains("0208"),
            "{printed}"
        );
    }
}
