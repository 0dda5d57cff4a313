//! A policy that reaches a desk with a caller on the line.

use serde_json::json;
use thirdring::records::What;

use super::admin::Admin;
use crate::peers::agent::House;
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
    let told = first.events.wait("what changed", SOON, |entry| {
        matches!(entry.what, What::SettingsReloaded { .. })
    });
    let What::SettingsReloaded { changed, .. } = told.what else {
        panic!("we have waited for it");
    };
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
