//! What is handed out of promises, and how every attempt is told in it.

use serde_json::{Value, json};
use thirdring::records::What;
use ureq::http::Method;

use crate::peers::agent::{Agent, House};
use crate::peers::phone::{Manner, Phone};
use crate::peers::scene::A_WHILE;

const CUSTOMER: &str = "13900139000";

fn exported(agent: &Agent, query: &str) -> String {
    agent.page(&format!("/api/v1/callbacks/export?{query}"))
}

/// One promise, to a customer who was busy.
fn one_attempt() -> (Agent, Phone) {
    let customer = Phone::open(CUSTOMER).manner(Manner::Refuses(486));
    let house = House::fast().seat("rep1", "echo");
    let house = house
        .set(&format!("sip.trunk = \"{}\"", customer.address))
        .set("callbacks.quiet_hours.every_day = \"none\"");
    let agent = house.open();
    let mut events = agent.events();
    let asked = json!({ "number": CUSTOMER, "reason": "tariff, old" });
    assert_eq!(agent.ask(Method::POST, "/callbacks", &asked).0, 201);
    events.wait(
        "a busy customer",
        A_WHILE,
        |entry| matches!(&entry.what, What::Promise { news, .. } if news == "busy"),
    );
    (agent, customer)
}

#[test]
fn promises_are_exported_with_every_attempt_and_masked_numbers() {
    let (agent, _customer) = one_attempt();
    let line = exported(&agent, "format=jsonl");
    assert!(!line.contains(CUSTOMER), "{line}");
    let promise: Value = serde_json::from_str(&line).expect("one promise");
    assert_eq!(promise["number"], "139****9000");
    let attempt = &promise["attempts"][0];
    assert_eq!(attempt["outcome"], "busy", "{attempt}");
    assert_eq!(attempt["cause"]["status"], 486, "{attempt}");
    assert!(attempt["begun_utc"].is_string() && attempt["ended_utc"].is_string());

    let csv = exported(&agent, "format=csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(
        lines[1].contains("\"tariff, old\"") && lines[1].contains(",busy,486,"),
        "{csv}"
    );
    let id = promise["callback"].as_str().expect("an id");
    assert_eq!(exported(&agent, &format!("after={id}")), "");

    let (status, problem) = agent.ask(Method::GET, "/callbacks/export?numbers=whole", &Value::Null);
    assert_eq!((status, &problem["code"]), (400, &json!("bad-request")));
    let whole = exported(&agent, "numbers=whole&by=Lina");
    assert!(whole.contains(CUSTOMER), "{whole}");

    let shown = agent.get(&format!("/callbacks/{id}"));
    assert_eq!(shown["history"][0]["sip_status"], 486, "{shown}");
}
