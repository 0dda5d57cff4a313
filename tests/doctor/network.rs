//! Ports, names, ways, certificates, NAT.

use std::net::{TcpListener, UdpSocket};

use super::Patient;
use crate::peers::agent::House;
use crate::peers::certificates::{Authority, Identity};

#[test]
fn ports_that_somebody_else_has_are_faults() {
    let sip = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let api = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let patient = Patient::with("");
    let at = |address: std::io::Result<std::net::SocketAddr>| address.expect("it is bound");
    let sets = [
        format!("sip.listen={}", at(sip.local_addr())),
        format!("api.listen={}", at(api.local_addr())),
    ];
    let words = [
        "--json",
        "--only",
        "sip-ports,api-port",
        "--set",
        &sets[0],
        "--set",
        &sets[1],
    ];
    let told = super::told(patient.doctor(&words));
    let taken = told
        .findings
        .iter()
        .filter(|it| it["key"] == "doctor.ports.taken");
    assert_eq!(taken.count(), 2, "{told:?}");
    told.is("fault", "ports.taken");
    drop((sip, api));
    super::told(patient.doctor(&words)).is("ok", "ports.free");
}

#[test]
fn an_address_that_is_not_this_pcs_is_a_fault() {
    let patient = Patient::with("");
    let words = [
        "--json",
        "--only",
        "sip-ports,address",
        "--set",
        "sip.listen=192.0.2.77:5060",
    ];
    let told = super::told(patient.doctor(&words));
    told.is("fault", "ports.not-ours");
    told.is("fault", "address.not-ours");
}

#[test]
fn a_range_without_a_free_pair_is_a_fault() {
    let first = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = first.local_addr().expect("it is bound").port() & !1;
    let taken: Vec<_> = (port..port + 4)
        .map(|port| UdpSocket::bind(("127.0.0.1", port)))
        .collect();
    let range = format!("media.ports = \"{port}-{}\"\nsip.calls_max = 1\n", port + 3);
    let patient = Patient::with(&range);
    patient.examined("rtp-ports").is("fault", "rtp-ports.none");
    drop((first, taken));
    patient
        .examined("rtp-ports")
        .is("warning", "rtp-ports.too-few");
    Patient::with("")
        .examined("rtp-ports")
        .is("ok", "rtp-ports.any");
}

#[test]
fn a_name_that_leads_nowhere_is_a_fault() {
    let patient = Patient::with("sip.trunk = \"pbx.no-such-name.invalid\"\n");
    let cause = patient.examined("names").is("fault", "names.unknown");
    assert!(cause.contains("pbx.no-such-name.invalid"), "{cause}");
    let patient = Patient::with("sip.trunk = \"localhost\"\n");
    patient.examined("names").is("ok", "names.found");
    Patient::with("sip.trunk = \"127.0.0.1\"\n")
        .examined("names")
        .is("skipped", "names.none");
}

#[test]
fn who_listens_on_loopback_has_no_way_to_a_trunk_elsewhere() {
    let patient = Patient::with("sip.trunk = \"192.0.2.9\"\n");
    let cause = patient.examined("address").is("fault", "address.no-way");
    assert!(
        cause.contains("192.0.2.9") && cause.contains("127.0.0.1"),
        "{cause}"
    );
    let patient = Patient::with("sip.trunk = \"127.0.0.1:5999\"\n");
    patient.examined("address").is("ok", "address.same");
}

/// An agent that shows this certificate, and a patient who reaches it by TLS and trusts the authority.
fn reaching(shown: &Identity, trusted: &Authority) -> (crate::peers::agent::Agent, Patient) {
    let agent = House::fast()
        .seat("rep1", "echo")
        .set("sip.listen_tls = \"127.0.0.1:0\"")
        .set(&format!("sip.tls.certificate = {:?}", shown.certificate))
        .set(&format!("sip.tls.key = {:?}", shown.key))
        .open();
    let at = agent.sip_tls.expect("it listens by TLS");
    let patient = Patient::with(&format!(
        "sip.tls.ca = {:?}\n[[sip.peer]]\nname = \"pbx\"\naddress = [\"127.0.0.1\"]\n\
         host = \"{at}\"\ntransport = \"tls\"\n",
        trusted.file()
    ));
    (agent, patient)
}

#[test]
fn a_handshake_says_what_is_wrong_with_a_certificate() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let good = authority.identity("good", "127.0.0.1");
    let (_agent, patient) = reaching(&good, &authority);
    patient.examined("tls").is("ok", "tls.good");
    let unverified = ["--json", "--only", "tls", "--set", "sip.tls.verify=false"];
    super::told(patient.doctor(&unverified)).is("warning", "tls.unchecked");
    let rows = [
        (
            authority.identity_until("old", "127.0.0.1", 2020),
            "tls.expired",
        ),
        (authority.identity("other", "pbx.example"), "tls.other-name"),
        (
            stranger.identity("strange", "127.0.0.1"),
            "tls.unknown-issuer",
        ),
    ];
    for (shown, key) in rows {
        let (_agent, patient) = reaching(&shown, &authority);
        patient.examined("tls").is("fault", key);
    }
}

#[test]
fn a_server_that_speaks_no_tls_and_one_that_is_not_there_are_faults() {
    let door = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = door.local_addr().expect("it is bound");
    let peer = format!(
        "[[sip.peer]]\nname = \"pbx\"\naddress = [\"127.0.0.1\"]\nhost = \"{at}\"\ntransport = \"tls\"\n"
    );
    let patient = Patient::with(&peer);
    let answering = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = door.accept().expect("the doctor connects");
        stream
            .write_all(b"SIP/2.0 400 Bad Request\r\n\r\n")
            .expect("it is connected");
    });
    patient.examined("tls").is("fault", "tls.failed");
    answering.join().expect("it answered");
    let cause = patient.examined("tls").is("fault", "tls.failed");
    assert!(cause.contains(&at.to_string()), "{cause}");
    Patient::with("").examined("tls").is("skipped", "tls.none");
}

#[test]
fn our_own_certificate_is_good_or_too_old() {
    let authority = Authority::new();
    let with = |identity: &Identity| {
        Patient::with(&format!(
            "sip.listen_tls = \"127.0.0.1:0\"\nsip.tls.certificate = {:?}\nsip.tls.key = {:?}\nsip.tls.ca = {:?}\n",
            identity.certificate,
            identity.key,
            authority.file(),
        ))
    };
    let good = authority.identity("good", "127.0.0.1");
    with(&good)
        .examined("certificate")
        .is("ok", "certificate.good");
    let old = authority.identity_until("old", "127.0.0.1", 2020);
    with(&old)
        .examined("certificate")
        .is("fault", "certificate.expired");
    let mixed = Identity {
        key: good.key,
        ..old
    };
    with(&mixed)
        .examined("certificate")
        .is("fault", "certificate.unfit");
    Patient::with("")
        .examined("certificate")
        .is("skipped", "certificate.none");
}
