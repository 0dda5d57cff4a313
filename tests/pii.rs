//! A telephone number is for the rep's eyes and the wire: no `{:?}` of a call shows it.

use std::sync::Arc;

use thirdring::call::{AtMachine, Beginning, Call, First, Input, LegNews, PromiseKind, Terms};
use thirdring::policy::Policy;
use thirdring::words::{CallId, Command, Language, Moment, Party, PhoneNumber, Pii};

const NUMBER: &str = "13800138000";

#[test]
fn a_number_is_in_no_print_of_a_call_its_inputs_or_its_actions() {
    let number = PhoneNumber::parse(NUMBER).expect("a number");
    let beginning = Beginning {
        id: CallId::new(0, [0; 10]),
        number: Some(Pii::new(number)),
        language: Language::ZhCn,
        records: false,
    };
    let (mut call, actions) = Call::callback(terms(), beginning, PromiseKind::Rep, Moment::ZERO);
    let mut printed = format!("{actions:?}");
    for input in [
        Input::Leg(Party::Rep, LegNews::PickedUp),
        Input::Leg(Party::Caller, LegNews::PickedUp),
        Input::Command(Command::CannotHear),
        Input::Leg(Party::Caller, LegNews::HungUp),
    ] {
        printed += &format!("{input:?}");
        printed += &format!("{:?}", call.handle(input, Moment::ZERO));
        printed += &format!("{call:?} {:?}", call.number());
    }
    assert!(!printed.contains(NUMBER), "{printed}");
    assert!(
        printed.contains("[redacted]"),
        "the number was there to be printed"
    );
}

fn terms() -> Arc<Terms> {
    Arc::new(Terms {
        phone_keys: thirdring::call::PhoneKeys::default(),
        policy: Arc::new(Policy::standard()),
        promising: Default::default(),
        targets: Default::default(),
        watches_line: true,
        at_machine: AtMachine::default(),
        first: First::default(),
    })
}
