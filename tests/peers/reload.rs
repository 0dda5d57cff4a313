//! The settings change while the agent works.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House};
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene};
use super::scratch::Scratch;

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
    let (changed, after_restart) = first.events.reloaded(SOON);
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

/// A folder of prompts with one of its own that sounds as the short farewell does.
fn prompts_with_own_farewell(scratch: &Scratch) {
    let folder = scratch.path("prompts");
    let copied = Command::new("cp")
        .args(["-r", "config/prompts"])
        .arg(&folder)
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    for language in ["en", "zh-CN"] {
        let of = |name: &str| folder.join(language).join(Path::new(name));
        std::fs::copy(of("closing_short.flac"), of("own_farewell.flac")).unwrap();
    }
    let phrases = std::fs::read_to_string(folder.join("phrases.toml")).unwrap();
    let own = "[own_farewell]\nrule = \"own\"\nwhen = \"auto\"\nzh-CN = \"谢谢，再见！\"\nen = \"Thank you, goodbye!\"\n";
    scratch.write("prompts/phrases.toml", format!("{phrases}\n{own}"));
}

#[test]
fn a_call_keeps_the_phrases_it_began_with_however_often_others_are_set() {
    let scratch = Scratch::new("agent");
    prompts_with_own_farewell(&scratch);
    let own = format!("prompts = \"{}\"", scratch.path("prompts").display());
    let house =
        House::fast()
            .seat("rep1", "echo")
            .set(&own)
            .policy("closing", "say", "\"own_farewell\"");
    let mut scene = Scene::with(house.open_in(scratch), Phone::open(NUMBER));

    change_policy(&scene.agent, "closing", "say", "closing");
    scene
        .agent
        .rewrite("settings.toml", |settings| settings.replace(&own, ""));
    for farewell in ["closing", "closing_short", "closing"] {
        change_policy(&scene.agent, "closing", "say", farewell);
        scene.agent.renew();
        scene.events.wait("other settings", SOON, |entry| {
            matches!(&entry.what, What::SettingsReloaded { changed, .. }
                if changed.iter().any(|key| key == "policy.closing.say"))
        });
    }

    scene.agent.command(&scene.call, "hangup", json!({}));
    scene.phrase("own_farewell");
    scene.events.ended(&scene.id, A_WHILE);
    scene.heard_in_order(&["closing_short"]);
}
