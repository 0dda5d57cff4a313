use super::auth_params::{escaped, quoted};
use super::challenge::{Challenge, Qop};
use super::proof::{Covered, Proof};
use crate::words::Pii;

/// Whom we prove to be, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    username: Pii<String>,
    password: Pii<String>,
    realm: Option<String>,
}

impl Credentials {
    pub fn new(username: &str, password: Pii<String>) -> Self {
        Self {
            username: Pii::new(username.to_owned()),
            password,
            realm: None,
        }
    }

    /// Answers only challenges of `realm`: a stranger's challenge fishes for the password.
    #[must_use]
    pub fn only_for(mut self, realm: &str) -> Self {
        self.realm = Some(realm.to_owned());
        self
    }

    pub fn is_for(&self, realm: &str) -> bool {
        self.realm.as_deref().is_none_or(|ours| ours == realm)
    }

    /// The value of Authorization or Proxy-Authorization; `count` is how often this nonce has been
    /// used, this time included. None for a foreign realm.
    pub fn answer(
        &self,
        challenge: &Challenge,
        covered: Covered<'_>,
        cnonce: &str,
        count: u32,
    ) -> Option<String> {
        if !self.is_for(&challenge.realm) {
            return None;
        }
        let count = format!("{count:08x}");
        let proof = Proof {
            algorithm: challenge.algorithm,
            username: &escaped(self.username.reveal()),
            realm: &challenge.realm,
            nonce: &challenge.nonce,
            cnonce,
            count: &count,
            qop: challenge.qop,
        };
        let response = proof.response(&self.password, covered);
        Some(written(&proof, challenge, covered.uri, &response))
    }
}

/// RFC 3261 25.1 `digest-response`: qop, nc and algorithm without quotes.
fn written(proof: &Proof<'_>, challenge: &Challenge, uri: &str, response: &str) -> String {
    // Realm, nonce and opaque go back as they came, so nothing is escaped in them again.
    let mut params = vec![
        format!("username=\"{}\"", proof.username),
        format!("realm=\"{}\"", proof.realm),
        format!("nonce=\"{}\"", proof.nonce),
        quoted("uri", uri),
        format!("response=\"{response}\""),
        format!("algorithm={}", proof.algorithm),
    ];
    if proof.qop.is_some() || proof.algorithm.session {
        params.push(format!("cnonce=\"{}\"", proof.cnonce));
    }
    if let Some(opaque) = &challenge.opaque {
        params.push(format!("opaque=\"{opaque}\""));
    }
    if let Some(qop) = proof.qop.map(Qop::as_str) {
        params.push(format!("qop={qop}"));
        params.push(format!("nc={}", proof.count));
    }
    format!("Digest {}", params.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::digest::{Algorithm, Asker, Hash};

    const REGISTER: Covered<'_> = Covered {
        method: "REGISTER",
        uri: "sip:pbx.example.com",
        body: b"",
    };

    fn challenge(hash: Hash, qop: Option<Qop>) -> Challenge {
        Challenge {
            asker: Asker::Server,
            realm: "pbx".to_owned(),
            nonce: "n\\\"1".to_owned(),
            opaque: Some("o".to_owned()),
            algorithm: Algorithm::plain(hash),
            qop,
            stale: false,
        }
    }

    fn credentials() -> Credentials {
        Credentials::new("13800138000", Pii::new("s3cret".to_owned()))
    }

    #[test]
    fn an_answer_names_everything_it_was_made_of() {
        let challenge = challenge(Hash::Md5, Some(Qop::Auth));
        let answer = credentials().answer(&challenge, REGISTER, "c", 17).unwrap();
        for param in [
            "Digest username=\"13800138000\", ",
            "realm=\"pbx\", ",
            "nonce=\"n\\\"1\", ",
            "uri=\"sip:pbx.example.com\", ",
            "algorithm=MD5, ",
            "cnonce=\"c\", opaque=\"o\", qop=auth, nc=00000011",
        ] {
            assert!(answer.contains(param), "{param} in {answer}");
        }
        assert!(!answer.contains("s3cret"));
    }

    #[test]
    fn the_old_form_has_no_count_and_no_cnonce() {
        let answer = credentials().answer(&challenge(Hash::Md5, None), REGISTER, "c", 1);
        let answer = answer.unwrap();
        assert!(!answer.contains("nc=") && !answer.contains("cnonce") && !answer.contains("qop"));
    }

    #[test]
    fn a_foreign_realm_is_not_answered() {
        let only = credentials().only_for("elsewhere");
        let challenge = challenge(Hash::Sha256, Some(Qop::Auth));
        assert_eq!(only.answer(&challenge, REGISTER, "c", 1), None);
        let ours = credentials().only_for("pbx");
        assert!(ours.answer(&challenge, REGISTER, "c", 1).is_some());
    }

    #[test]
    fn neither_name_nor_password_is_printed_for_developers() {
        let text = format!("{:?}", credentials());
        assert!(
            !text.contains("13800138000") && !text.contains("s3cret"),
            "{text}"
        );
    }
}
