//! The settings change while the agent works.

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House};
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, Scene};

/// Changes one value of the agent's policy.
fn change_policy(agent: &Agent, table: &str, key: &str, value: &str) {
    agent.rewrite("policy.toml", |policy| {
        let mut policy: toml::Table = toml::from_str(&policy).expect("a policy");
        let section = policy
            .entry(table)
            .or_insert_with(|| toml::Table::new().into());
        let section = section.as_table_mut().expect("a table");
        section.insert(key.to_owned(), value.into());
        policy.to_string()
    });
}

#[test]
fn new_settings_count_for_new_calls_and_bad_ones_for_none() {
    let mut first = Scene::talking(House::fast().seat("rep1", "echo").seat("rep2", "echo"));
    change_policy(&first.agent, "answer", "say", "greeting_unit");
    change_policy(&first.agent, "closing", "say", "closing_short");
    first.agent.rewrite("settings.toml", |settings| {
        format!("sip.calls_max = 5\n{settings}")
    });
    first.agent.renew();
    let told = first.events.wait("what changed", SOON, |entry| {
        matches!(entry.what, What::SettingsReloaded { .. })
    });
    let What::SettingsReloaded {
        changed,
        after_restart,
    } = told.what
    else {
        panic!("we have waited for it");
    };
    assert_eq!(changed, ["policy.answer.say", "policy.closing.say"]);
    assert_eq!(after_restart, ["sip.calls_max"]);

    let greeted_anew = |scene: &mut Scene| {
        let caller = Phone::open("13900139000");
        caller.call(scene.agent.sip);
        let id = caller.call_id();
        scene.events.phrase(&id, "greeting_unit", A_WHILE);
        caller.hang_up();
        scene.events.ended(&id, A_WHILE);
    };
    greeted_anew(&mut first);

    change_policy(&first.agent, "hold", "every", "1s");
    first.agent.renew();
    first.events.wait(
        "an alarm",
        SOON,
        |entry| matches!(&entry.what, What::Alarm { alarm } if alarm == "settings-unfit"),
    );
    greeted_anew(&mut first);

    // The first call keeps the farewell that it began with.
    first.agent.command(&first.call, "hangup", json!({}));
    first.phrase("closing");
}

#[test]
fn a_file_that_somebody_saves_counts_by_itself_and_a_bad_one_once_it_is_mended() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let reloaded = |scene: &mut Scene, key: &str| {
        scene.events.wait(key, A_WHILE, |entry| {
            matches!(&entry.what, What::SettingsReloaded { changed, .. } if changed == &[key])
        });
    };
    change_policy(&scene.agent, "answer", "say", "greeting_unit");
    reloaded(&mut scene, "policy.answer.say");

    scene.agent.rewrite("settings.toml", |settings| {
        format!("langage = \"en\"\n{settings}")
    });
    scene.events.wait(
        "an alarm",
        A_WHILE,
        |entry| matches!(&entry.what, What::Alarm { alarm } if alarm == "settings-unfit"),
    );
    scene.agent.rewrite("settings.toml", |settings| {
        settings.replace("langage", "language")
    });
    reloaded(&mut scene, "language");
    assert_eq!(scene.agent.alarms(), json!([]));
}
