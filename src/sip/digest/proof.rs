use super::algorithm::Algorithm;
use super::challenge::Qop;
use crate::sip::wire::{Message, Start};
use crate::words::Pii;

/// What of a request a digest covers.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    pub method: &'a str,
    /// The Request-URI.
    pub uri: &'a str,
    pub body: &'a [u8],
}

/// Both sides' ingredients of a digest, each as it stands between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) username: &'a str,
    pub(super) realm: &'a str,
    pub(super) nonce: &'a str,
    pub(super) cnonce: &'a str,
    /// Eight hexadecimal digits.
    pub(super) count: &'a str,
    pub(super) qop: Option<Qop>,
}

impl<'a> Covered<'a> {
    /// None for a response.
    pub fn of(request: &'a Message) -> Option<Self> {
        match &request.start {
            Start::Request { method, uri } => Some(Self {
                method,
                uri,
                body: &request.body,
            }),
            Start::Response { .. } => None,
        }
    }
}

impl Proof<'_> {
    /// The parameter `response` (RFC 7616 3.4.1).
    pub(super) fn response(&self, password: &Pii<String>, covered: Covered<'_>) -> String {
        let hash = self.algorithm.hash;
        let (secret, covered) = (self.secret(password), self.covered(covered));
        match self.qop {
            Some(qop) => hash.of(&[
                &secret,
                self.nonce,
                self.count,
                self.cnonce,
                qop.as_str(),
                &covered,
            ]),
            // RFC 2069, kept by RFC 2617 3.2.2.1.
            None => hash.of(&[&secret, self.nonce, &covered]),
        }
    }

    /// H(A1), RFC 7616 3.4.2.
    fn secret(&self, password: &Pii<String>) -> String {
        let hash = self.algorithm.hash;
        let plain = hash.of(&[self.username, self.realm, password.reveal()]);
        match self.algorithm.session {
            true => hash.of(&[&plain, self.nonce, self.cnonce]),
            false => plain,
        }
    }

    /// H(A2), RFC 7616 3.4.3.
    fn covered(&self, covered: Covered<'_>) -> String {
        let hash = self.algorithm.hash;
        match self.qop {
            Some(Qop::AuthInt) => {
                let body = hash.of_bytes(covered.body);
                hash.of(&[covered.method, covered.uri, &body])
            }
            Some(Qop::Auth) | None => hash.of(&[covered.method, covered.uri]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::algorithm::Hash;
    use super::*;

    const GET: Covered<'_> = Covered {
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    };

    fn password(text: &str) -> Pii<String> {
        Pii::new(text.to_owned())
    }

    const RFC_2617: Proof<'_> = Proof {
        algorithm: Algorithm::plain(Hash::Md5),
        username: "Mufasa",
        realm: "testrealm@host.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        count: "00000001",
        qop: Some(Qop::Auth),
    };

    const RFC_7616: Proof<'_> = Proof {
        realm: "http-auth@example.org",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        ..RFC_2617
    };

    #[test]
    fn the_example_of_rfc_2617_comes_out() {
        let response = RFC_2617.response(&password("Circle Of Life"), GET);
        assert_eq!(response, "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn the_examples_of_rfc_7616_3_9_1_come_out() {
        let by = |hash| Proof {
            algorithm: Algorithm::plain(hash),
            ..RFC_7616
        };
        let life = password("Circle of Life");
        assert_eq!(
            by(Hash::Md5).response(&life, GET),
            "8ca523f5e9506fed4657c9700eebdbec"
        );
        assert_eq!(
            by(Hash::Sha256).response(&life, GET),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn the_example_of_rfc_7616_3_9_2_comes_out_as_its_erratum_4897_says() {
        let proof = Proof {
            algorithm: Algorithm::plain(Hash::Sha512_256),
            username: "J\u{e4}s\u{f8}n Doe",
            realm: "api@example.org",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            ..RFC_2617
        };
        let covered = Covered {
            uri: "/doe.json",
            ..GET
        };
        assert_eq!(
            proof.response(&password("Secret, or not?"), covered),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    #[test]
    fn without_qop_count_and_cnonce_change_nothing() {
        let old = |count, cnonce| Proof {
            qop: None,
            count,
            cnonce,
            ..RFC_2617
        };
        let life = password("Circle Of Life");
        let response = old("00000001", "a").response(&life, GET);
        // H(H(A1):nonce:H(A2)) with the two hashes of RFC 2617 3.5.
        assert_eq!(response, "670fd8c2df070c60b045671b8b24ff02");
        assert_eq!(old("00000002", "b").response(&life, GET), response);
    }

    #[test]
    fn integrity_covers_the_body_and_a_session_the_nonces() {
        let life = password("Circle Of Life");
        let whole = Proof {
            qop: Some(Qop::AuthInt),
            ..RFC_2617
        };
        let other_body = Covered { body: b"x", ..GET };
        assert_ne!(
            whole.response(&life, GET),
            whole.response(&life, other_body)
        );
        let session = Algorithm {
            hash: Hash::Md5,
            session: true,
        };
        let proof = Proof {
            algorithm: session,
            ..RFC_2617
        };
        let secret = Hash::Md5.of(&["Mufasa", RFC_2617.realm, "Circle Of Life"]);
        let secret = Hash::Md5.of(&[&secret, RFC_2617.nonce, RFC_2617.cnonce]);
        assert_eq!(proof.secret(&life), secret);
    }

    #[test]
    fn another_implementation_computes_the_same_session_with_integrity() {
        // Python's hashlib, sha512_256.
        let proof = Proof {
            algorithm: Algorithm {
                hash: Hash::Sha512_256,
                session: true,
            },
            username: "8001",
            realm: "pbx",
            nonce: "n1",
            cnonce: "c1",
            count: "00000002",
            qop: Some(Qop::AuthInt),
        };
        let covered = Covered {
            method: "INVITE",
            uri: "sip:bob@pbx",
            body: b"v=0\r\n",
        };
        assert_eq!(
            proof.response(&password("s3cret"), covered),
            "d7afc954896a8a8da695b5ba0a9a55450edf4b98bee94952398692a4d0ab5ca1"
        );
    }
}
