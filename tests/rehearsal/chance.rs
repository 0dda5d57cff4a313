//! What may happen by chance: mostly what lets a call go on, now and then what no peer should send.

use thirdring::call::{Input, LegNews, Line, PromiseKind, Refused, RepairNews, Sign};
use thirdring::words::{
    Command, ConsentFor, Entropy, Key, Language, Moment, Owed, Party, TransferMode,
};

use thirdring::rehearsal::Beginnings;

pub(super) fn pick<T: Clone>(chance: &mut Entropy, choices: &[T]) -> T {
    let count = u32::try_from(choices.len()).expect("a short list");
    choices[chance.below(count) as usize].clone()
}

pub(super) fn any_beginning(chance: &mut Entropy) -> Beginnings {
    pick(
        chance,
        &[
            Beginnings::Invite,
            Beginnings::Invite,
            Beginnings::Invite,
            Beginnings::RepDials,
            Beginnings::CallBack(PromiseKind::Rep),
            Beginnings::CallBack(PromiseKind::LineFault),
        ],
    )
}

pub(super) fn any_input(chance: &mut Entropy, now: Moment) -> Input {
    match chance.below(20) {
        0..=3 => Input::Leg(Party::Rep, usual_news(chance)),
        4..=5 => Input::Leg(Party::Target, usual_news(chance)),
        6 => Input::Leg(Party::Caller, callers_news(chance)),
        7..=9 => voice(chance, now),
        10..=12 => key(chance),
        13 if chance.below(2) == 0 => Input::Line(Party::Caller, line(chance)),
        13 if chance.below(2) == 0 => Input::Line(pick(chance, &Party::ALL), line(chance)),
        13 if chance.below(4) == 0 => Input::Sign(sign(chance)),
        13 if chance.below(4) == 0 => Input::Repair(pick(chance, &Party::ALL), repair(chance)),
        14 if chance.below(20) == 0 => Input::ShutDown,
        14 if chance.below(4) == 0 => {
            let headset = pick(chance, &[LegNews::Away, LegNews::Back, LegNews::Moved]);
            Input::Leg(pick(chance, &Party::ALL), headset)
        }
        14 if chance.below(2) == 0 => phone_transfer(chance),
        _ => Input::Command(command(chance)),
    }
}

/// Of a leg we called.
fn usual_news(chance: &mut Entropy) -> LegNews {
    pick(
        chance,
        &[
            LegNews::PickedUp,
            LegNews::PickedUp,
            LegNews::PickedUp,
            LegNews::Ringing,
            LegNews::Refused(Refused::status(486)),
            LegNews::Refused(Refused::status(603)),
            LegNews::NoAnswer,
            LegNews::HungUp,
            LegNews::Lost,
            LegNews::NoSeat,
            LegNews::Holds,
            LegNews::Resumes,
        ],
    )
}

/// What ends the call comes seldom, so that there is one to speak of.
fn callers_news(chance: &mut Entropy) -> LegNews {
    if chance.below(8) != 0 {
        let lively = [
            LegNews::Ringing,
            LegNews::PickedUp,
            LegNews::Acked,
            LegNews::Holds,
            LegNews::Resumes,
            LegNews::Resumes,
            LegNews::HandedOff,
            LegNews::NotHandedOff,
        ];
        return pick(chance, &lively);
    }
    let last = [
        LegNews::HungUp,
        LegNews::Lost,
        LegNews::Expiring,
        LegNews::NeverAcked,
        LegNews::Cancelled,
        LegNews::AnsweredElsewhere,
        LegNews::Refused(Refused::status(486)),
        LegNews::Refused(Refused::status(404)),
        LegNews::NoAnswer,
    ];
    pick(chance, &last)
}

fn voice(chance: &mut Entropy, now: Moment) -> Input {
    Input::Voice {
        party: pick(chance, &[Party::Caller, Party::Caller, Party::Rep]),
        speaking: chance.below(2) == 0,
        since: now,
    }
}

fn key(chance: &mut Entropy) -> Input {
    let party = pick(chance, &[Party::Caller, Party::Caller, Party::Target]);
    let keys = [Key::ONE, Key::ONE, Key::TWO];
    let usual = chance.below(4) != 0;
    let event = u8::try_from(chance.below(16)).ok();
    let key = event.and_then(Key::from_event).filter(|_| !usual);
    Input::Key(party, key.unwrap_or_else(|| pick(chance, &keys)))
}

/// Mostly what ends no call, so that there is one to speak of.
fn line(chance: &mut Entropy) -> Line {
    match chance.below(4) {
        0 => Line::Fine,
        1 => pick(chance, &[Line::MediaStopped, Line::NoMedia]),
        _ => pick(chance, &Line::ALL),
    }
}

/// Mostly of a person, so that there is one to speak of.
fn sign(chance: &mut Entropy) -> Sign {
    let rare = [
        Sign::Machine,
        Sign::Beep,
        Sign::Fax,
        Sign::Busy,
        Sign::SpecialInformation,
    ];
    match chance.below(4) {
        0 => pick(chance, &rare),
        1 => pick(chance, &[Sign::Ringback, Sign::Music, Sign::Announcement]),
        _ => Sign::Person,
    }
}

fn repair(chance: &mut Entropy) -> RepairNews {
    pick(chance, &[RepairNews::Taken, RepairNews::Refused])
}

fn command(chance: &mut Entropy) -> Command {
    match chance.below(20) {
        0..=3 => Command::Hold {
            reason: pick(chance, &[None, Some("lookup".to_owned())]),
            agreed: chance.below(2) == 0,
        },
        4..=6 => Command::Return,
        7..=9 => transfer(chance),
        10 => Command::Join,
        11 => Command::Abandon,
        12 => Command::Consent {
            to: any_consent(chance),
            agreed: chance.below(3) != 0,
        },
        13 => Command::Mute {
            on: chance.below(2) == 0,
        },
        14 => say(chance),
        15 => Command::Answer,
        _ => rarer_command(chance),
    }
}

fn rarer_command(chance: &mut Entropy) -> Command {
    match chance.below(16) {
        0..=1 => Command::Hangup {
            force: false,
            reason: None,
        },
        2 => Command::Hangup {
            force: true,
            reason: pick(chance, &[None, Some("test".to_owned())]),
        },
        3 if chance.below(3) == 0 => Command::Machine,
        3 if chance.below(3) == 0 => Command::StillLooking,
        3 => Command::CannotHear,
        4 => Command::ClosingSaid,
        5..=6 => Command::Promise {
            due: None,
            reason: "to be looked into".to_owned(),
            within_min: None,
            kind: Owed::Rep,
            note: None,
        },
        7..=8 => Command::Language {
            to: pick(chance, &Language::ALL),
        },
        9..=10 => Command::Dtmf {
            digits: "12#".parse().expect("three keys"),
        },
        11 => Command::Abandon,
        12 => Command::Move {
            seat: "rep2".parse().expect("a seat"),
        },
        14..=15 => Command::Recording {
            paused: chance.below(2) == 0,
        },
        _ => Command::Note {
            text: "a remark".to_owned(),
        },
    }
}

fn transfer(chance: &mut Entropy) -> Command {
    let modes = [
        None,
        Some(TransferMode::Consult),
        Some(TransferMode::Announced),
        Some(TransferMode::Blind),
    ];
    Command::Transfer {
        target: pick(chance, &["expert", "menu", "menu", "branch", "nowhere"]).to_owned(),
        mode: pick(chance, &modes),
        agreed: chance.below(2) == 0,
    }
}

fn phone_transfer(chance: &mut Entropy) -> Input {
    let modes = [
        TransferMode::Consult,
        TransferMode::Announced,
        TransferMode::Blind,
    ];
    Input::PhoneTransfer {
        target: pick(chance, &["expert", "menu", "branch"]).to_owned(),
        mode: pick(chance, &modes),
    }
}

fn any_consent(chance: &mut Entropy) -> ConsentFor {
    let topics = [ConsentFor::Hold, ConsentFor::Transfer, ConsentFor::Callback];
    pick(chance, &topics)
}

fn say(chance: &mut Entropy) -> Command {
    let phrases = ["explained_clearly", "noted_will_reply", "report_upward"];
    let phrase = pick(chance, &phrases).parse();
    Command::Say {
        phrase: phrase.expect("a name"),
    }
}
