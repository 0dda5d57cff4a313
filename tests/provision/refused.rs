//! What a server should not give, or does not: the last good copy counts, and why is told and counted.

#![expect(
    clippy::disallowed_methods,
    reason = "servers and starts take real time"
)]

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::admin::{Admin, Kept, Pc};
use super::{starts, two_groups};
use crate::peers::agent::{Agent, House};

const SOON: Duration = Duration::from_secs(30);

/// One that has taken serial 1, and asks each second.
fn agent(admin: &Admin, url: &str) -> Agent {
    let house = House::fast().set(&admin.provisioned(url, "sales-7"));
    house.seat("rep1", "echo").open()
}

fn asked(result: &str) -> String {
    format!("thirdring_provision_asked_total{{result=\"{result}\"}}")
}

/// Waits until one more was counted than now.
fn counts_one_more(agent: &Agent, result: &str) {
    let name = asked(result);
    let before = agent.metric(&name).unwrap_or(0);
    let until = Instant::now() + SOON;
    while agent.metric(&name).unwrap_or(0) == before {
        assert!(Instant::now() < until, "no more {result}");
    }
}

/// What the folder holds once it was spoilt so.
fn spoilt(admin: &Admin, right: &Kept, spoil: impl FnOnce()) -> Kept {
    spoil();
    let spoilt = admin.kept();
    admin.put_back(right);
    spoilt
}

#[test]
fn what_is_not_right_is_refused_and_the_agent_keeps_what_it_has() {
    let admin = two_groups();
    admin.sign();
    let first = admin.kept();
    admin.sign();
    let right = admin.kept();
    let changed = spoilt(&admin, &right, || {
        admin.write("sales.toml", "language = \"zh-CN\"\n");
        admin.sign();
        admin.write("sales.toml", "language = \"en\"\n# changed\n");
    });
    let missing = spoilt(&admin, &right, || {
        admin.write("seats/extra.toml", "");
        let index = fs::read_to_string(admin.path("index.toml")).expect("it is ours");
        admin.write(
            "index.toml",
            index.replace("/*\"", "/*\", \"seats/extra*\""),
        );
        admin.sign();
        fs::remove_file(admin.path("seats/extra.toml")).expect("we wrote it");
    });
    let strangers = spoilt(&admin, &right, || {
        admin.write("index.toml", "serial = 99\n")
    });
    let page = spoilt(&admin, &right, || {
        admin.write("index.toml", "<html><h1>It works!</h1></html>");
        admin.write("index.toml.sig", "<html><h1>It works!</h1></html>");
    });
    let huge = spoilt(&admin, &right, || {
        admin.write("index.toml", vec![b'#'; 2 * 1024 * 1024]);
    });
    let mut server = admin.serve();
    let agent = agent(&admin, &server.url);
    assert_eq!(agent.metric("thirdring_provision_serial"), Some(2));
    counts_one_more(&agent, "unchanged");
    for (result, folder) in [
        ("older", &first),
        ("wrong-signature", &strangers),
        ("wrong-signature", &page),
        ("changed", &changed),
        ("status", &missing),
        ("too-large", &huge),
    ] {
        admin.put_back(folder);
        counts_one_more(&agent, result);
        let serial = agent.metric("thirdring_provision_serial");
        assert_eq!(serial, Some(2), "{result}");
        let unfit = serde_json::json!(["provision-unfit"]);
        assert_eq!(agent.alarms(), unfit, "{result}");
        admin.put_back(&right);
    }
    admin.put_back(&right);
    counts_one_more(&agent, "unchanged");
    assert_eq!(agent.alarms(), serde_json::json!([]));
    server.stop();
    counts_one_more(&agent, "unreachable");
    assert_eq!(agent.alarms(), serde_json::json!([]));
}

#[test]
fn what_makes_this_pcs_settings_unfit_is_refused() {
    let admin = two_groups();
    admin.sign();
    let server = admin.serve();
    let house = House::fast().set(&admin.provisioned(&server.url, "sales-7"));
    let house = house.set("sip.min_se = \"10m\"");
    let agent = house.seat("rep1", "echo").open();
    // Right for itself, and not with what this PC says; a customer's number stands in the same line.
    let number = "13912345678";
    let line = format!("sip = {{ session_expires = \"5m\", from_user = \"{number}\" }}\n");
    admin.write("seats/sales-7.toml", line);
    admin.sign();
    counts_one_more(&agent, "unfit");
    // The log is written by a thread of its own.
    let until = Instant::now() + SOON;
    while agent.logged("seats/sales-7.toml:1: sip.session_expires is too short") == 0 {
        assert!(Instant::now() < until, "the fault is not told");
    }
    assert_eq!(agent.logged(number), 0);
    assert_eq!(agent.metric("thirdring_provision_serial"), Some(1));
}

/// What the doctor finds of provisioning, and his exit code.
fn examined(pc: &Pc) -> (Option<i32>, String) {
    let told = pc.does(&["doctor", "--json", "--only", "provision"]);
    let told_json: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    let key = told_json["findings"][0]["key"].as_str().expect("a key");
    (told.code, key.to_owned())
}

#[test]
fn the_doctor_says_whether_a_pc_gets_its_settings() {
    let is = |pc: &Pc, code: i32, key: &str| {
        let key = format!("doctor.provision.{key}");
        assert_eq!(examined(pc), (Some(code), key));
    };
    is(&Pc::with(""), 0, "not-set");
    let admin = two_groups();
    admin.sign();
    let mut server = admin.serve();
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    is(&pc, 0, "waiting");
    assert_eq!(starts(&pc).code, Some(0));
    is(&pc, 0, "newest");
    let right = admin.kept();
    admin.write("index.toml", "serial = 99\n");
    is(&pc, 1, "with-copy");
    admin.put_back(&right);
    is(&pc, 0, "newest");
    server.stop();
    is(&pc, 1, "with-copy");
    fs::remove_dir_all(pc.state().join("provision")).expect("it is ours");
    is(&pc, 2, "without-copy");
}

/// A server that takes connections and says nothing.
#[test]
fn a_start_waits_seconds_for_a_slow_server_and_not_for_a_dead_one() {
    let admin = two_groups();
    admin.sign();
    let mut server = admin.serve();
    let own = admin.provisioned(&server.url, "sales-7");
    let pc = Pc::with(&own);
    assert_eq!(starts(&pc).code, Some(0));
    server.stop();
    let began = Instant::now();
    let started = starts(&pc);
    assert_eq!(started.code, Some(0), "{}", started.errors);
    assert!(
        started.errors.contains("nobody says whether"),
        "{}",
        started.errors
    );
    let of_the_dead = began.elapsed();
    let port = server.url.rsplit_once(':').expect("a port").1;
    let _silent = TcpListener::bind(format!("127.0.0.1:{port}")).expect("it is free again");
    let began = Instant::now();
    let started = starts(&pc);
    assert_eq!(started.code, Some(0), "{}", started.errors);
    assert!(
        started.errors.contains("did not answer in time"),
        "{}",
        started.errors
    );
    let of_the_slow = began.elapsed();
    println!("a start beside a dead server: {of_the_dead:?}, beside a slow one: {of_the_slow:?}");
    assert!(of_the_slow < of_the_dead + Duration::from_secs(4));
    // What was taken counts.
    let shown = pc.does(&["config", "show", "--origin"]).out;
    assert!(shown.contains("/seats/sales-7.toml:1"), "{shown}");
}

#[test]
fn a_first_start_without_a_server_says_what_to_do() {
    let admin = two_groups();
    admin.sign();
    let mut server = admin.serve();
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    server.stop();
    let started = starts(&pc);
    assert_eq!(started.code, Some(2), "{}", started.errors);
    assert!(
        started
            .errors
            .contains("nothing was ever taken from https://"),
        "{}",
        started.errors
    );
    assert!(
        started.errors.contains("thirdring provision show"),
        "{}",
        started.errors
    );
    let checked = pc.does(&["config", "check"]).out;
    assert!(
        checked.contains("warning: what https://") && checked.contains("never taken"),
        "{checked}"
    );
}

#[test]
fn a_server_that_the_pinned_ca_did_not_sign_is_not_believed() {
    let (admin, stranger) = (two_groups(), two_groups());
    admin.sign();
    let server = admin.serve();
    let own = admin.provisioned(&server.url, "sales-7");
    let ca = |admin: &Admin| format!("{:?}", admin.ca());
    let pc = Pc::with(&own.replace(&ca(&admin), &ca(&stranger)));
    let shown = pc.does(&["provision", "show"]);
    assert_eq!(shown.code, Some(1), "{}", shown.out);
    assert!(
        shown.errors.contains("certificate is not trusted"),
        "{}",
        shown.errors
    );
    let pc = Pc::with(&own.replace(&admin.key, &stranger.key));
    let shown = pc.does(&["provision", "show"]);
    assert!(
        shown.errors.contains("not signed right"),
        "{}",
        shown.errors
    );
}

/// A serial that was taken stays taken where its copy cannot be read any more.
#[test]
fn nobody_brings_an_older_index_back_by_spoiling_the_copy() {
    let admin = two_groups();
    admin.sign();
    let first = admin.kept();
    admin.sign();
    let right = admin.kept();
    let server = admin.serve();
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    assert_eq!(starts(&pc).code, Some(0));
    fs::remove_file(copy_of(&pc).join("index.toml")).expect("it is ours");
    admin.put_back(&first);
    let older = starts(&pc);
    assert_eq!(older.code, Some(2), "{}", older.errors);
    assert!(
        older.errors.contains("serial 1, and 2 is in use"),
        "{}",
        older.errors
    );
    admin.put_back(&right);
    let started = starts(&pc);
    assert_eq!(started.code, Some(0), "{}", started.errors);
}

/// Where a PC keeps what it has taken once.
fn copy_of(pc: &Pc) -> PathBuf {
    let copies = fs::read_dir(pc.state().join("provision")).expect("it was taken");
    let mut copies = copies.map(|entry| entry.expect("it is ours").path());
    copies.find(|path| path.is_dir()).expect("a copy")
}

/// Whoever may write into the state folder is no admin.
#[test]
fn a_copy_that_was_changed_on_the_pc_does_not_count() {
    let admin = two_groups();
    admin.sign();
    let mut server = admin.serve();
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    assert_eq!(starts(&pc).code, Some(0));
    fs::write(
        copy_of(&pc).join("files/common.toml"),
        "sip.from_user = \"666\"\n",
    )
    .expect("it is ours");
    let shown = pc.does(&["config", "show"]).out;
    assert!(!shown.contains("666") && !shown.contains("4001"), "{shown}");
    let checked = pc.does(&["config", "check"]).out;
    assert!(
        checked.contains("common.toml is not the file that was signed"),
        "{checked}"
    );
    // The server has the right one.
    assert_eq!(starts(&pc).code, Some(0));
    assert!(pc.does(&["config", "show"]).out.contains("4001"));
    server.stop();
    assert_eq!(starts(&pc).code, Some(0));
}
