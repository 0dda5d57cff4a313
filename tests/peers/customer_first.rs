//! `callbacks.first = "customer"`: a seat is kept, the customer is dialled, and hears so until his rep is there.

use std::time::Duration;

use serde_json::json;
use thirdring::console::CallbackView;
use thirdring::records::What;
use thirdring::words::Party;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::phone::{Manner, Phone, SOON};
use super::scene::{A_WHILE, NUMBER};

/// The opening, the connecting, and the wait for a rep.
const FOR_A_REP: Duration = Duration::from_secs(120);

fn row(agent: &Agent, id: &str) -> CallbackView {
    serde_json::from_value(agent.get(&format!("/callbacks/{id}"))).expect("a callback")
}

#[test]
fn a_customer_called_first_hears_an_apology_without_a_rep_and_is_joined_the_next_time() {
    let (rep, customer) = (Phone::open("rep"), Phone::open(NUMBER));
    rep.change_manner(Manner::Rings);
    let house = House::fast().phone_seat("rep1", rep.address);
    let house = house
        .set("callbacks.first = \"customer\"")
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set("callbacks.retry_after.rep = [\"2s\", \"2s\"]")
        .set(&format!("sip.trunk = \"{}\"", customer.address));
    let agent = house.open();
    let mut events = agent.events();
    let owed = json!({ "number": NUMBER, "reason": "the bill of May" });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &owed);
    assert_eq!(status, 201, "{noted}");
    let promise = noted["id"].as_str().expect("an id").to_owned();

    let first = customer.called(A_WHILE).call_id().to_owned();
    events.phrase_over(&first, "closing_short", FOR_A_REP);
    let ending = events.ended(&first, SOON);
    assert_eq!(ending.because.as_str(), "no-rep");
    let heard = customer.recording();
    let expected = [
        "callback_open_promise",
        "callback_connecting",
        "hold_still",
        "callback_no_rep",
        "closing_short",
    ];
    assert_eq!(heard.ids(), expected, "{heard}");
    // No rep is disturbed before the customer is there.
    let answered = |what: &What, of: Party, is: &str| matches!(what, What::Leg { party, news, .. } if *party == of && news == is);
    let at = |of, is| {
        let mut seen = events.seen.iter();
        let found = seen.find(|entry| answered(&entry.what, of, is));
        found.map(|entry| entry.seq).expect("it was told")
    };
    assert!(at(Party::Caller, "answered") < at(Party::Rep, "ringing"));
    let row_now = row(&agent, &promise);
    assert_eq!(
        (&*row_now.state, &row_now.outcomes[..]),
        ("open", &["no-rep".to_owned()][..])
    );

    rep.change_manner(Manner::PicksUp);
    customer.forget_sound();
    let available = json!({ "state": "available" });
    let (status, seat) = agent.ask(Method::PUT, "/seats/rep1", &available);
    assert_eq!(status, 200, "{seat}");
    let second = customer.called(A_WHILE).call_id().to_owned();
    events.phrase_over(&second, "callback_open_promise", A_WHILE);
    events.state(&second, "talking", A_WHILE);
    customer.speak();
    events.wait(
        "the kept promise",
        A_WHILE,
        |entry| matches!(&entry.what, What::Promise { news, .. } if news == "done"),
    );
    assert_eq!(row(&agent, &promise).outcomes, ["no-rep", "joined"]);
    assert_eq!(customer.count("INVITE"), 2);
    customer.hang_up();
    events.ended(&second, SOON);
}
