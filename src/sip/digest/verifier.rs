use std::collections::BTreeMap;
use std::net::IpAddr;

use hmac::Mac;

use super::algorithm::{Algorithm, Hash};
use super::auth_params::{AuthParams, quoted};
use super::challenge::Qop;
use super::nonces::{Known, Nonces, keyed};
use super::proof::{Covered, Proof};
use crate::sip::wire::{Message, Uri};
use crate::words::{Entropy, Moment, Pii};

/// The length of the password nobody has, in characters of 5 bits.
const DECOY: usize = 16;

/// Whether MD5 is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Md5 {
    #[default]
    Never,
    /// After SHA-256.
    Offered,
    /// Alone: who knows nothing else may look at the first challenge and no further.
    Only,
}

/// What a request proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sender knows the password of this user.
    Genuine { username: Pii<String> },
    /// Nothing: no answer, or one to a nonce that was never given to this source. Nothing can be
    /// guessed that way, so it counts as no failure: a forged source locks nobody out.
    Unproven,
    /// The password, but with an old nonce or a repeated count.
    Stale,
    /// A wrong name or password; with the nonce, where it is fresh enough to be asked with again.
    Wrong { nonce: Option<String> },
}

/// The server's side of digest authentication. Known and unknown users cost the same work and
/// get the same answers.
#[derive(Debug)]
pub struct Verifier {
    realm: String,
    md5: Md5,
    passwords: BTreeMap<Pii<String>, Pii<String>>,
    /// Takes the place of an unknown user's password; no answer to it is ever right.
    decoy: Pii<String>,
    /// Blinds the comparison of digests.
    blind: Pii<[u8; 32]>,
    nonces: Nonces,
}

impl Verifier {
    /// `passwords` by user name.
    pub fn new(
        realm: &str,
        passwords: BTreeMap<Pii<String>, Pii<String>>,
        md5: Md5,
        entropy: &mut Entropy,
    ) -> Self {
        Self {
            realm: realm.to_owned(),
            md5,
            passwords,
            decoy: Pii::new(entropy.token(DECOY)),
            blind: Pii::new(entropy.bytes()),
            nonces: Nonces::new(entropy),
        }
    }

    /// The values of WWW-Authenticate that ask again after `verdict`, the strongest first
    /// (RFC 8760 2.3).
    pub fn challenges(&mut self, verdict: &Verdict, source: IpAddr, now: Moment) -> Vec<String> {
        let nonce = match verdict {
            // A phone that sees a new nonce believes in a new chance: pjsip tries four times.
            Verdict::Wrong { nonce: Some(nonce) } => nonce.clone(),
            Verdict::Wrong { nonce: None }
            | Verdict::Genuine { .. }
            | Verdict::Unproven
            | Verdict::Stale => self.nonces.make(source, now),
        };
        let stale = match *verdict == Verdict::Stale {
            true => ", stale=true",
            false => "",
        };
        let (realm, nonce) = (quoted("realm", &self.realm), quoted("nonce", &nonce));
        let of = |hash: &Hash| {
            let algorithm = Algorithm::plain(*hash);
            format!("Digest {realm}, {nonce}, algorithm={algorithm}, qop=\"auth\"{stale}")
        };
        self.hashes().iter().map(of).collect()
    }

    /// Judges the Authorization of a request that came from `source`.
    pub fn verify(&mut self, request: &Message, source: IpAddr, now: Moment) -> Verdict {
        let Some(covered) = Covered::of(request) else {
            return Verdict::Unproven;
        };
        let Some(answer) = self.answer_in(request) else {
            return Verdict::Unproven;
        };
        let known = self.nonces.look_up(answer.proof.nonce, source, now);
        if known == Known::Foreign {
            return Verdict::Unproven;
        }
        if !self.is_right(&answer, covered) {
            let nonce = matches!(known, Known::Fresh(_)).then(|| answer.proof.nonce.to_owned());
            return Verdict::Wrong { nonce };
        }
        match known {
            Known::Fresh(stamp) if self.nonces.take_count(stamp, answer.count, now) => {
                let username = Pii::new(answer.proof.username.to_owned());
                Verdict::Genuine { username }
            }
            Known::Fresh(_) | Known::Old | Known::Foreign => Verdict::Stale,
        }
    }

    fn hashes(&self) -> &'static [Hash] {
        match self.md5 {
            Md5::Offered => &[Hash::Sha256, Hash::Md5],
            Md5::Never => &[Hash::Sha256],
            Md5::Only => &[Hash::Md5],
        }
    }

    fn answer_in<'a>(&self, request: &'a Message) -> Option<Answer<'a>> {
        let mut digests = request
            .values("Authorization")
            .flat_map(AuthParams::digests);
        digests.find_map(|params| self.read(&params))
    }

    /// An answer to one of our challenges; none when it is to another's, or incomplete.
    fn read<'a>(&self, params: &AuthParams<'a>) -> Option<Answer<'a>> {
        let algorithm = Algorithm::read(params.get("algorithm"))?;
        let offered = !algorithm.session && self.hashes().contains(&algorithm.hash);
        let count = params.get("nc").filter(|count| count.len() == 8)?;
        let realm = params.get("realm").filter(|_| offered)?;
        if Qop::read(params.get("qop")?) != Some(Qop::Auth) || !self.is_ours(realm) {
            return None;
        }
        let proof = Proof {
            algorithm,
            username: params.get("username")?,
            realm,
            nonce: params.get("nonce")?,
            cnonce: params.get("cnonce")?,
            count,
            qop: Some(Qop::Auth),
        };
        Some(Answer {
            proof,
            uri: params.get("uri")?,
            response: params.get("response")?,
            count: u32::from_str_radix(count, 16).ok()?,
        })
    }

    fn is_ours(&self, realm: &str) -> bool {
        realm == super::auth_params::escaped(&self.realm)
    }

    /// Does the same work whoever asks.
    fn is_right(&self, answer: &Answer<'_>, covered: Covered<'_>) -> bool {
        let username = Pii::new(answer.proof.username.to_owned());
        let password = self.passwords.get(&username);
        let digested = Covered {
            uri: answer.uri,
            ..covered
        };
        let expected = answer
            .proof
            .response(password.unwrap_or(&self.decoy), digested);
        let equal = self.is_equal(&expected, answer.response);
        equal && password.is_some() && is_same_uri(answer.uri, covered.uri)
    }

    /// Compares in constant time, case aside: both are hexadecimal.
    fn is_equal(&self, expected: &str, given: &str) -> bool {
        let signed = |text: &str| {
            let mut mac = keyed(self.blind.reveal());
            mac.update(text.to_ascii_lowercase().as_bytes());
            mac
        };
        let given = signed(given).finalize().into_bytes();
        signed(expected).verify(&given).is_ok()
    }
}

/// What an Authorization claims.
struct Answer<'a> {
    proof: Proof<'a>,
    uri: &'a str,
    response: &'a str,
    count: u32,
}

/// Whether an answer was made for this request (RFC 7616 3.4.6).
fn is_same_uri(digested: &str, requested: &str) -> bool {
    if digested == requested {
        return true;
    }
    let read = |text: &str| text.parse::<Uri>().ok();
    match (read(digested), read(requested)) {
        (Some(one), Some(other)) => one.is_same(&other),
        (Some(_) | None, _) => false,
    }
}

#[cfg(test)]
mod tests;
