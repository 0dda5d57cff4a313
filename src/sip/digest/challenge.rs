use super::algorithm::Algorithm;
use super::auth_params::AuthParams;
use crate::sip::wire::Message;

/// The most challenges taken from one message; more are passed over.
const CHALLENGES_MAX: usize = 8;

/// Who wants to know who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// 401, WWW-Authenticate.
    Server,
    /// 407, Proxy-Authenticate.
    Proxy,
}

/// What the digest protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI.
    Auth,
    /// The body, too.
    AuthInt,
}

/// A digest challenge we know how to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub asker: Asker,
    pub realm: String,
    pub nonce: String,
    pub opaque: Option<String>,
    pub algorithm: Algorithm,
    /// The best one offered; none in the form of RFC 2069.
    pub qop: Option<Qop>,
    /// Whether only the nonce of our answer was too old.
    pub stale: bool,
}

impl Asker {
    const ALL: [Self; 2] = [Self::Server, Self::Proxy];

    /// The header that carries the challenge.
    pub fn asks_by(self) -> &'static str {
        match self {
            Self::Server => "WWW-Authenticate",
            Self::Proxy => "Proxy-Authenticate",
        }
    }

    /// The header that carries the answer.
    pub fn answered_by(self) -> &'static str {
        match self {
            Self::Server => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }
}

impl Qop {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    pub(super) fn read(name: &str) -> Option<Self> {
        let known = [Self::Auth, Self::AuthInt];
        known
            .into_iter()
            .find(|qop| qop.as_str().eq_ignore_ascii_case(name.trim()))
    }
}

impl Challenge {
    /// The challenges of a 401 or 407 that can be answered, in their order.
    pub fn read_all(response: &Message) -> Vec<Self> {
        let of_asker = |asker: Asker| {
            let digests = response
                .values(asker.asks_by())
                .flat_map(AuthParams::digests);
            digests.filter_map(move |params| Self::read(asker, &params))
        };
        let all = Asker::ALL.into_iter().flat_map(of_asker);
        all.take(CHALLENGES_MAX).collect()
    }

    /// Of each asker's realms the strongest challenge; of equals the first (RFC 8760 2.4 leaves
    /// the choice to local policy).
    pub fn strongest(response: &Message) -> Vec<Self> {
        let mut chosen: Vec<Self> = Vec::new();
        for challenge in Self::read_all(response) {
            match chosen.iter_mut().find(|it| it.is_of_realm_of(&challenge)) {
                Some(rival) if challenge.algorithm.hash > rival.algorithm.hash => {
                    *rival = challenge;
                }
                Some(_) => {}
                None => chosen.push(challenge),
            }
        }
        chosen
    }

    /// Whether both ask for the same password.
    pub(super) fn is_of_realm_of(&self, other: &Self) -> bool {
        self.asker == other.asker && self.realm == other.realm
    }

    /// None without realm or nonce, with an unknown algorithm, or with only unknown qop values.
    fn read(asker: Asker, params: &AuthParams<'_>) -> Option<Self> {
        let qop = match params.get("qop").filter(|list| !list.trim().is_empty()) {
            Some(list) => Some(best_qop(list)?),
            None => None,
        };
        let stale = params.get("stale").unwrap_or_default();
        Some(Self {
            asker,
            realm: params.get("realm")?.to_owned(),
            nonce: params.get("nonce")?.to_owned(),
            opaque: params.get("opaque").map(str::to_owned),
            algorithm: Algorithm::read(params.get("algorithm"))?,
            qop,
            stale: stale.eq_ignore_ascii_case("true"),
        })
    }
}

/// `auth` where it is offered: proxies may touch a body, and then `auth-int` fails.
fn best_qop(list: &str) -> Option<Qop> {
    let offered = || list.split(',').filter_map(Qop::read);
    let plain = offered().find(|qop| *qop == Qop::Auth);
    plain.or_else(|| offered().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::digest::Hash;
    use proptest::prelude::*;

    fn asking(values: &[&str]) -> Message {
        let mut response = Message::response(401, "Unauthorized");
        for value in values {
            response.push("WWW-Authenticate", *value);
        }
        response
    }

    fn only(value: &str) -> Challenge {
        Challenge::read_all(&asking(&[value])).remove(0)
    }

    #[test]
    fn a_whole_challenge_is_read() {
        // RFC 3261 22.4.
        let it = only(
            "Digest realm=\"biloxi.com\", qop=\"auth,auth-int\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        );
        assert_eq!((it.asker, it.realm.as_str()), (Asker::Server, "biloxi.com"));
        assert_eq!(it.opaque.unwrap(), "5ccc069c403ebaf9f0171e9517f40e41");
        assert_eq!((it.qop, it.stale), (Some(Qop::Auth), false));
        assert_eq!(it.algorithm, Algorithm::plain(Hash::Md5));
    }

    #[test]
    fn qop_may_be_absent_integrity_only_or_unknown() {
        let of_qop = |qop: &str| format!("Digest realm=\"r\",nonce=\"n\"{qop}");
        assert_eq!(only(&of_qop("")).qop, None);
        assert_eq!(only(&of_qop(",qop=\"\"")).qop, None);
        assert_eq!(
            only(&of_qop(",qop=\"x, auth-int\"")).qop,
            Some(Qop::AuthInt)
        );
        assert_eq!(only(&of_qop(",qop=auth")).qop, Some(Qop::Auth));
        assert!(Challenge::read_all(&asking(&[&of_qop(",qop=\"x\"")])).is_empty());
    }

    #[test]
    fn stale_is_read_without_regard_to_case() {
        assert!(only("Digest realm=\"r\",nonce=\"n\",stale=TRUE").stale);
        assert!(only("Digest realm=\"r\",nonce=\"n\",stale=\"true\"").stale);
        assert!(!only("Digest realm=\"r\",nonce=\"n\",stale=no").stale);
    }

    #[test]
    fn the_strongest_known_challenge_of_each_realm_is_taken() {
        // RFC 8760 2.4: one header each, here with the strongest in the middle.
        let of = |algorithm: &str, realm: &str| {
            format!("Digest realm=\"{realm}\",nonce=\"{algorithm}\",algorithm={algorithm}")
        };
        let values = [
            of("MD5", "a"),
            of("SHA-256", "a"),
            of("SHA-1024", "a"),
            of("MD5-sess", "a"),
            of("MD5", "b"),
        ];
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let nonces: Vec<String> = Challenge::strongest(&asking(&values))
            .into_iter()
            .map(|it| it.nonce)
            .collect();
        assert_eq!(nonces, ["SHA-256", "MD5"]);
    }

    #[test]
    fn a_flood_of_challenges_is_bounded() {
        let value = "Digest realm=\"r\",nonce=\"n\"";
        assert_eq!(Challenge::read_all(&asking(&[value; 200])).len(), 8);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic(value in "\\PC{0,200}") {
            Challenge::strongest(&asking(&[&value]));
        }

        #[test]
        fn any_run_of_the_grammars_pieces_is_read_without_panic(
            pieces in proptest::collection::vec(
                prop::sample::select(vec![
                    "Digest", " ", ",", "=", "\"", "\\", "realm", "nonce", "qop", "auth", "<", ";",
                ]),
                0..60,
            )
        ) {
            Challenge::strongest(&asking(&[&pieces.concat()]));
        }

        #[test]
        fn what_is_written_reads_the_same(realm in "[ !#-\\[\\]-~]{1,30}", nonce in "[a-zA-Z0-9+/=]{1,40}") {
            let value = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=SHA-256");
            let it = only(&value);
            prop_assert_eq!((it.realm, it.nonce), (realm, nonce));
        }
    }
}
