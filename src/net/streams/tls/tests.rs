//! Two of ours speak TLS, with certificates made for the test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;
use crate::net::streams::{Doors, End, News, StreamLimits, Streams};
use crate::sip::{Hop, Transmit, Transport};
use crate::words::Entropy;

const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 0\r\n\r\n";

/// A folder with `ca.pem`, and a certificate and key for each name.
struct Vault {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Vault {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("thirdring-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn identity(&self, name: &str) -> IdentityFiles {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = IdentityFiles {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        };
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    fn ca(&self) -> Option<PathBuf> {
        Some(self.folder.join("ca.pem"))
    }

    fn settings(&self, name: Option<&str>) -> TlsSettings {
        TlsSettings {
            identity: name.map(|name| self.identity(name)),
            ca: self.ca(),
            ..TlsSettings::default()
        }
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn server(settings: &TlsSettings) -> (Streams, Hop) {
    let doors = Doors {
        tls: Some("127.0.0.1:0".parse().unwrap()),
        ..Doors::default()
    };
    let streams = open(doors, settings);
    let address = streams.addresses().1.unwrap();
    (streams, Hop::to(Transport::Tls, address))
}

fn open(doors: Doors, settings: &TlsSettings) -> Streams {
    let tls = Tls::open(settings).unwrap();
    let limits = StreamLimits::default();
    Streams::open(doors, Some(tls), limits, Entropy::from_number(1)).unwrap()
}

fn message(to: Hop) -> Transmit {
    Transmit {
        to,
        bytes: bytes::Bytes::from_static(MESSAGE),
    }
}

/// What came of one message from `client` to `server` at `hop`: true when it arrived.
async fn arrives(client: &mut Streams, server: &mut Streams, hop: Hop) -> bool {
    client.send(message(hop));
    loop {
        let (news, at_server) = tokio::select! {
            news = client.next() => (news, false),
            news = server.next() => (news, true),
        };
        match news {
            News::Message(_, bytes) => return at_server && bytes == MESSAGE,
            News::Unreachable(_) | News::Lost(_) => return false,
            News::Broken(..) | News::Closed(_) => {}
        }
    }
}

#[tokio::test]
async fn the_name_a_peer_was_looked_up_by_must_be_in_its_certificate() {
    let vault = Vault::new("names");
    let (mut server, hop) = server(&vault.settings(Some("sip.example.com")));
    let mut client = open(Doors::default(), &vault.settings(None));
    client.learn_name(hop.address, "sip.example.com");
    assert!(arrives(&mut client, &mut server, hop).await);
    client.learn_name(hop.address, "pbx.example.com");
    assert!(!arrives(&mut client, &mut server, hop).await);
    assert_eq!(
        client.ended().get(&End::Handshake),
        None,
        "told before it ended"
    );
    let _ = client.next().await;
    assert_eq!(client.ended().get(&End::Handshake), Some(&1));
}

#[tokio::test]
async fn without_a_name_the_address_must_be_in_it() {
    let vault = Vault::new("addresses");
    for (name, arrived) in [("127.0.0.1", true), ("sip.example.com", false)] {
        let (mut server, hop) = server(&vault.settings(Some(name)));
        let mut client = open(Doors::default(), &vault.settings(None));
        assert_eq!(
            arrives(&mut client, &mut server, hop).await,
            arrived,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_stranger_is_believed_only_where_an_admin_said_so() {
    let (ours, strangers) = (Vault::new("ours"), Vault::new("strangers"));
    let (mut server, hop) = server(&strangers.settings(Some("127.0.0.1")));
    let mut settings = ours.settings(None);
    for (verify, arrived) in [(Verify::Yes, false), (Verify::No, true)] {
        settings.verify = verify;
        let mut client = open(Doors::default(), &settings);
        assert_eq!(arrives(&mut client, &mut server, hop).await, arrived);
    }
}

#[tokio::test]
async fn clients_show_a_certificate_where_it_is_required() {
    let vault = Vault::new("clients");
    let mut settings = vault.settings(Some("127.0.0.1"));
    for (clients, nameless_arrives) in [
        (Clients::NotAsked, true),
        (Clients::Optional, true),
        (Clients::Required, false),
    ] {
        settings.clients = clients;
        let (mut server, hop) = server(&settings);
        let mut named = open(Doors::default(), &vault.settings(Some("phone.example.com")));
        assert!(arrives(&mut named, &mut server, hop).await, "{clients:?}");
        let mut nameless = open(Doors::default(), &vault.settings(None));
        let arrived = arrives(&mut nameless, &mut server, hop).await;
        assert_eq!(arrived, nameless_arrives, "{clients:?}");
    }
}

#[tokio::test]
async fn who_connects_is_known_by_the_name_he_proves() {
    let vault = Vault::new("proofs");
    let mut settings = vault.settings(Some("127.0.0.1"));
    settings.clients = Clients::Optional;
    for (name, proven) in [(Some("pbx.example.com"), true), (None, false)] {
        let (mut server, hop) = server(&settings);
        let mut client = open(Doors::default(), &vault.settings(name));
        client.send(message(hop));
        let news = tokio::select! {
            news = server.next() => news,
            news = client.next() => news,
        };
        let News::Message(from, _) = news else {
            panic!("no message");
        };
        let flow = from.flow.unwrap();
        assert_eq!(server.proves(flow, "pbx.example.com"), proven);
        assert!(!server.proves(flow, "other.example.com"));
    }
}

#[test]
fn wrong_files_are_named() {
    let vault = Vault::new("wrong");
    let (one, other) = (vault.identity("one"), vault.identity("other"));
    let key_of = |settings: TlsSettings| match Tls::open(&settings) {
        Ok(_) => panic!("{settings:?}"),
        Err(fault) => fault.sentence().key().to_owned(),
    };
    let with = |certificate: &PathBuf, key: &PathBuf| TlsSettings {
        identity: Some(IdentityFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        ..vault.settings(None)
    };
    let cases = [
        (with(&one.certificate, &other.key), "start.tls.unfit"),
        (with(&one.certificate, &one.certificate), "start.tls.no-key"),
        (with(&one.key, &one.key), "start.tls.no-certificate"),
        (
            with(&vault.folder.join("none"), &one.key),
            "start.unreadable",
        ),
    ];
    for (settings, key) in cases {
        assert_eq!(key_of(settings), key);
    }
    let no_roots = TlsSettings {
        ca: Some(one.key),
        ..TlsSettings::default()
    };
    assert_eq!(key_of(no_roots), "start.tls.no-certificate");
}
