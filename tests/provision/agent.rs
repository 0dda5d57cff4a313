//! What reaches a desk that runs: a policy with a caller on the line, and what leaves it as it is.

use std::fs;
use std::time::Instant;

use serde_json::json;
use thirdring::records::What;

use super::admin::{Admin, did, thirdring};
use crate::peers::agent::{Agent, House, STATE};
use crate::peers::phone::{Phone, SOON};
use crate::peers::scene::{A_WHILE, Scene};

const INDEX: &str = r#"
locked = ["policy.*"]
[[part]]
settings = "common.toml"
files = ["policies/*"]
"#;

const FAST: &str = include_str!("../../config/policy/fast.toml");

/// The shipped policy for tests with another greeting or farewell.
fn policy(table: &str, say: &str) -> String {
    let mut policy: toml::Table = toml::from_str(FAST).expect("a policy");
    let section = policy
        .entry(table)
        .or_insert_with(|| toml::Table::new().into());
    let section = section.as_table_mut().expect("a table");
    section.insert("say".to_owned(), say.into());
    policy.to_string()
}

#[test]
fn a_new_policy_counts_for_the_next_call_and_the_live_one_keeps_its_own() {
    let admin = Admin::new(INDEX);
    admin.write("common.toml", "policy = \"policies/ours.toml\"\n");
    admin.write("policies/ours.toml", FAST);
    admin.sign();
    let server = admin.serve();
    // The policy that this PC names itself is locked out.
    let house = House::standard().set(&admin.provisioned(&server.url, "pc-1"));
    let mut first = Scene::talking(house.seat("rep1", "echo").seat("rep2", "echo"));
    let hash = |scene: &Scene| {
        let page = scene.agent.page("/metrics");
        let line = page
            .lines()
            .find(|it| it.starts_with("thirdring_policy_info{"));
        line.expect("a policy counts").to_owned()
    };
    let before = hash(&first);
    assert_eq!(first.agent.metric("thirdring_provision_serial"), Some(1));
    let build = format!(
        "thirdring_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(first.agent.metric(&build), Some(1));

    admin.write("policies/ours.toml", policy("answer", "greeting_unit"));
    admin.sign();
    let (changed, _) = first.events.reloaded(SOON);
    assert_eq!(changed, ["policy", "policy.answer.say"]);
    assert_eq!(first.agent.metric("thirdring_provision_serial"), Some(2));
    assert_ne!(hash(&first), before);

    let caller = Phone::open("13900139000");
    caller.call(first.agent.sip);
    let id = caller.call_id();
    first.events.phrase(&id, "greeting_unit", A_WHILE);
    caller.hang_up();
    first.events.ended(&id, A_WHILE);
    // The first call keeps the farewell that it began with; a second policy comes while it is up.
    admin.write("policies/ours.toml", policy("closing", "closing_short"));
    admin.sign();
    first.events.wait("a second change", SOON, |entry| {
        matches!(&entry.what, What::SettingsReloaded { changed, .. }
            if changed.contains(&"policy.closing.say".to_owned()))
    });
    first.agent.command(&first.call, "hangup", json!({}));
    first.phrase("closing");
}

/// With one greeting, and the admin's copy of it.
fn with_a_policy() -> Admin {
    let admin = Admin::new(INDEX);
    admin.write("common.toml", "policy = \"policies/ours.toml\"\n");
    admin.write("policies/ours.toml", FAST);
    admin.sign();
    admin
}

#[expect(clippy::disallowed_methods, reason = "an agent takes real time")]
fn comes_to_be(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + A_WHILE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
    }
}

fn uses(agent: &Agent, serial: u64) {
    comes_to_be("the serial counts", || {
        agent.metric("thirdring_provision_serial") == Some(serial)
    });
}

/// Asked to read its settings anew it tells which have changed.
fn changed_when_asked(agent: &Agent) -> (Vec<String>, Vec<String>) {
    let mut events = agent.events();
    agent.renew();
    events.reloaded(SOON)
}

#[test]
fn another_serial_of_the_same_files_changes_no_setting() {
    let admin = with_a_policy();
    let server = admin.serve();
    let house = House::fast().set(&admin.provisioned(&server.url, "pc-1"));
    let agent = house.seat("rep1", "echo").open();
    uses(&agent, 1);
    admin.sign();
    uses(&agent, 2);
    assert_eq!(changed_when_asked(&agent), (Vec::new(), Vec::new()));
    assert_eq!(agent.logged("a setting changed"), 0);
}

/// A second start asks before it finds out that there is an agent.
#[test]
fn a_copy_that_another_start_has_taken_counts_at_the_next_question() {
    let admin = with_a_policy();
    let server = admin.serve();
    let own = admin.provisioned(&server.url, "pc-1");
    let own = own.replace("every = \"1s\"", "every = \"4s\"");
    let agent = House::fast().set(&own).seat("rep1", "echo").open();
    uses(&agent, 1);
    admin.sign();
    let mut second = thirdring();
    second
        .args(["run", "--test", "-c"])
        .arg(agent.path("settings.toml"))
        .arg("--state")
        .arg(agent.path(STATE));
    assert_ne!(did(second).code, Some(0));
    uses(&agent, 2);
}

#[test]
fn a_spoilt_copy_leaves_the_admins_settings_in_use() {
    let admin = with_a_policy();
    let mut server = admin.serve();
    let house = House::fast().set(&admin.provisioned(&server.url, "pc-1"));
    let agent = house.seat("rep1", "echo").open();
    uses(&agent, 1);
    server.stop();
    let copies = fs::read_dir(agent.path(STATE).join("provision")).expect("it was taken");
    let mut copies = copies.map(|entry| entry.expect("it is ours").path());
    let copy = copies.find(|path| path.is_dir()).expect("a copy");
    fs::write(copy.join("files/policies/ours.toml"), "").expect("it is ours");
    agent.renew();
    comes_to_be("the alarm stands", || {
        agent.alarms() == json!(["settings-unfit"])
    });
    assert_eq!(agent.logged("a setting changed"), 0);
}
