use std::fmt;

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::proof::Covered;
use crate::sip::wire::Message;
use crate::words::Entropy;

/// The realms answered at once: a proxy, a server, and a chain of two more.
const REALMS_MAX: usize = 4;
/// Nonces called stale in a row before the asker is taken for broken.
const STALE_MAX: u8 = 3;
/// The length of a cnonce, in characters of 5 bits.
const CNONCE: usize = 20;

/// The client's side of digest authentication: which nonces we hold, and how often each was used.
#[derive(Debug)]
pub struct Login {
    credentials: Credentials,
    held: Vec<Held>,
    stale: u8,
}

/// One challenge we answer with every request.
#[derive(Debug)]
struct Held {
    challenge: Challenge,
    /// The same for all uses of the nonce: a `-sess` secret is made with the first one.
    cnonce: String,
    count: u32,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// No request answered with this nonce has succeeded yet.
    Fresh,
    Accepted,
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnswered {
    /// No challenge, or none of an algorithm and qop we know.
    NothingKnown,
    /// Only realms that are not the configured one.
    ForeignRealm,
    /// The answer to a fresh nonce was refused: name or password are wrong.
    Refused,
    /// Every nonce is called stale.
    AlwaysStale,
    /// More realms than any path has.
    TooManyRealms,
}

impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingKnown => "no digest challenge of a known algorithm",
            Self::ForeignRealm => "a challenge of a foreign realm",
            Self::Refused => "user name or password refused",
            Self::AlwaysStale => "every nonce is called stale",
            Self::TooManyRealms => "too many realms ask for a password",
        })
    }
}

impl std::error::Error for NotAnswered {}

impl Login {
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            held: Vec::new(),
            stale: 0,
        }
    }

    /// Takes the challenges of a 401 or 407; then the request, signed anew, may be sent again.
    pub fn challenged(
        &mut self,
        response: &Message,
        entropy: &mut Entropy,
    ) -> Result<(), NotAnswered> {
        let (ours, foreign): (Vec<_>, Vec<_>) = Challenge::strongest(response)
            .into_iter()
            .partition(|it| self.credentials.is_for(&it.realm));
        if ours.is_empty() {
            return Err(match foreign.is_empty() {
                true => NotAnswered::NothingKnown,
                false => NotAnswered::ForeignRealm,
            });
        }
        ours.into_iter()
            .try_for_each(|challenge| self.hold(challenge, entropy))
    }

    /// The request was let through: later the same nonces are tried first.
    pub fn accepted(&mut self) {
        self.stale = 0;
        for held in &mut self.held {
            held.standing = Standing::Accepted;
        }
    }

    /// Another server is tried, or all begins anew.
    pub fn forget(&mut self) {
        self.stale = 0;
        self.held.clear();
    }

    /// Adds the answers to all challenges held to a request that carries none; call it last, for
    /// the body may be covered.
    pub fn sign(&mut self, request: &mut Message) {
        let mut answers = Vec::new();
        let Some(covered) = Covered::of(request) else {
            return;
        };
        for held in &mut self.held {
            held.count = held.count.saturating_add(1);
            let challenge = &held.challenge;
            let answer = (self.credentials).answer(challenge, covered, &held.cnonce, held.count);
            answers.extend(answer.map(|value| (challenge.asker.answered_by(), value)));
        }
        for (name, value) in answers {
            request.push(name, value);
        }
    }

    /// Keeps `challenge` in the place of its realm's last one, if it is worth another try.
    fn hold(&mut self, challenge: Challenge, entropy: &mut Entropy) -> Result<(), NotAnswered> {
        let known = self
            .held
            .iter()
            .position(|it| it.challenge.is_of_realm_of(&challenge));
        if let Some(held) = known.and_then(|at| self.held.get(at)) {
            let failed = held.standing == Standing::Fresh && held.count > 0;
            if failed && !challenge.stale {
                return Err(NotAnswered::Refused);
            }
            if failed {
                self.stale = self.stale.saturating_add(1);
            }
        }
        if self.stale > STALE_MAX {
            return Err(NotAnswered::AlwaysStale);
        }
        if let Some(at) = known {
            self.held.remove(at);
        }
        if self.held.len() >= REALMS_MAX {
            return Err(NotAnswered::TooManyRealms);
        }
        self.held.push(Held {
            challenge,
            cnonce: entropy.token(CNONCE),
            count: 0,
            standing: Standing::Fresh,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Pii;

    struct Client {
        login: Login,
        entropy: Entropy,
    }

    impl Client {
        fn new(credentials: Credentials) -> Self {
            Self {
                login: Login::new(credentials),
                entropy: Entropy::from_number(1),
            }
        }

        fn challenged(&mut self, value: &str) -> Result<(), NotAnswered> {
            let mut response = Message::response(401, "Unauthorized");
            response.push("WWW-Authenticate", value);
            self.login.challenged(&response, &mut self.entropy)
        }

        fn signed(&mut self) -> Message {
            let mut request = Message::request("REGISTER", "sip:pbx");
            self.login.sign(&mut request);
            request
        }
    }

    fn credentials() -> Credentials {
        Credentials::new("rep1", Pii::new("s3cret".to_owned()))
    }

    fn nonce(nonce: &str, more: &str) -> String {
        format!("Digest realm=\"pbx\",nonce=\"{nonce}\",qop=\"auth\"{more}")
    }

    #[test]
    fn a_nonce_is_used_again_with_a_rising_count() {
        let mut client = Client::new(credentials());
        assert!(client.signed().value("Authorization").is_none());
        client.challenged(&nonce("1", "")).unwrap();
        for count in ["nc=00000001", "nc=00000002"] {
            let request = client.signed();
            assert!(request.value("Authorization").unwrap().ends_with(count));
            client.login.accepted();
        }
    }

    #[test]
    fn a_fresh_nonce_refused_means_a_wrong_password() {
        let mut client = Client::new(credentials());
        client.challenged(&nonce("1", "")).unwrap();
        client.signed();
        assert_eq!(
            client.challenged(&nonce("2", "")),
            Err(NotAnswered::Refused)
        );
    }

    #[test]
    fn an_old_nonce_refused_is_answered_anew_without_a_word_about_stale() {
        let mut client = Client::new(credentials());
        client.challenged(&nonce("1", "")).unwrap();
        client.signed();
        client.login.accepted();
        client.signed();
        client.challenged(&nonce("2", "")).unwrap();
        assert!(
            client
                .signed()
                .value("Authorization")
                .unwrap()
                .contains("nonce=\"2\"")
        );
    }

    #[test]
    fn a_stale_nonce_is_answered_anew_but_not_for_ever() {
        let mut client = Client::new(credentials());
        client.challenged(&nonce("0", "")).unwrap();
        for round in 1..=STALE_MAX {
            client.signed();
            let value = nonce(&round.to_string(), ",stale=true");
            assert_eq!(client.challenged(&value), Ok(()));
        }
        client.signed();
        let value = nonce("9", ",stale=true");
        assert_eq!(client.challenged(&value), Err(NotAnswered::AlwaysStale));
    }

    #[test]
    fn a_proxy_and_a_server_are_both_answered() {
        let mut client = Client::new(credentials());
        let mut response = Message::response(407, "Proxy Authentication Required");
        response.push("Proxy-Authenticate", nonce("p", ""));
        client
            .login
            .challenged(&response, &mut client.entropy)
            .unwrap();
        client.signed();
        client.challenged(&nonce("s", "")).unwrap();
        let request = client.signed();
        let proxys = request.value("Proxy-Authorization").unwrap();
        assert!(proxys.ends_with("nc=00000002"), "{proxys}");
        assert!(
            request
                .value("Authorization")
                .unwrap()
                .contains("nonce=\"s\"")
        );
    }

    #[test]
    fn foreign_realms_and_unknown_schemes_are_told_apart() {
        let mut client = Client::new(credentials().only_for("elsewhere"));
        assert_eq!(
            client.challenged(&nonce("1", "")),
            Err(NotAnswered::ForeignRealm)
        );
        assert_eq!(
            client.challenged("Basic realm=\"elsewhere\""),
            Err(NotAnswered::NothingKnown)
        );
        assert!(client.signed().value("Authorization").is_none());
    }

    #[test]
    fn more_realms_than_any_path_has_are_refused() {
        let mut client = Client::new(credentials());
        let of = |n: u8| format!("Digest realm=\"{n}\",nonce=\"x\"");
        for n in 0..4 {
            client.challenged(&of(n)).unwrap();
        }
        assert_eq!(client.challenged(&of(9)), Err(NotAnswered::TooManyRealms));
    }
}
