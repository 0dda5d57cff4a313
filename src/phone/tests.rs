use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{Answers, Phone, PhoneAddress, PhoneSettings, Progress, Rtcp, Sends, repertoire};
use crate::ear::{Ended, Repertoire};
use crate::media::{Codec, Phrasebook};
use crate::words::{Entropy, Key, Language, Party, PromptId};

const SOON: Duration = Duration::from_secs(10);

static BOOK: LazyLock<Phrasebook> = LazyLock::new(Phrasebook::shipped);
static KNOWN: LazyLock<Arc<Repertoire>> =
    LazyLock::new(|| repertoire(&BOOK, &[Language::ZhCn]).unwrap());

fn phone(party: Party, answers: Answers) -> Phone {
    let settings = PhoneSettings {
        user: party.as_str().to_owned(),
        at: PhoneAddress::any_port(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        codec: Codec::Pcmu,
        sends: Sends::Silence,
        rtcp: Rtcp::Normal,
        answers,
        repertoire: KNOWN.clone(),
        entropy: Entropy::from_number(party as u64),
    };
    Phone::start(settings).unwrap()
}

fn prompt(name: &str) -> PromptId {
    name.parse().unwrap()
}

async fn say(phone: &Phone, name: &str) {
    let clip = BOOK.clip(&prompt(name), Language::ZhCn).unwrap();
    phone.speak(clip).await.unwrap();
}

#[tokio::test]
async fn a_caller_hears_what_the_rep_says_and_the_rep_gets_its_key() {
    let caller = phone(Party::Caller, Answers::Busy);
    let rep = phone(Party::Rep, Answers::AfterRing(Duration::from_millis(60)));
    caller.dial(&rep.uri()).await.unwrap();
    caller.wait_talking(SOON).await.unwrap();
    rep.wait_talking(SOON).await.unwrap();
    caller.press(&[Key::ONE]).await.unwrap();
    say(&rep, "please_speak").await;
    let heard = caller
        .wait_heard(&prompt("please_speak"), SOON)
        .await
        .unwrap();
    assert_eq!(
        (heard.heard.ended, heard.heard.language),
        (Ended::Whole, Language::ZhCn)
    );
    assert!(
        heard.heard.score > 0.99 && heard.heard.gaps.is_empty(),
        "{heard:?}"
    );
    assert_eq!(caller.call_id(), rep.call_id());
    assert_eq!(
        rep.keys().iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        [Key::ONE]
    );

    say(&rep, "hold_wait").await;
    let later = caller.wait_heard(&prompt("hold_wait"), SOON).await;
    // A phone begins to speak with a frame, so the onsets lie whole frames apart.
    let apart = later
        .unwrap()
        .rtp_timestamp
        .wrapping_sub(heard.rtp_timestamp);
    assert_eq!(apart % 160, 0);
    caller.hang_up().await.unwrap();
    assert_eq!(
        rep.wait_ended(SOON).await,
        Ok(Progress::HungUp { by_us: false })
    );
    assert_eq!(
        caller.wait_ended(SOON).await,
        Ok(Progress::HungUp { by_us: true })
    );
    assert_eq!(
        (
            caller.close().await.0.heard.len(),
            rep.close().await.0.heard.len()
        ),
        (2, 0)
    );
}

#[tokio::test]
async fn a_phrase_that_the_end_of_the_call_cuts_is_heard_as_cut() {
    let caller = phone(Party::Caller, Answers::Busy);
    let rep = phone(Party::Rep, Answers::Never);
    caller.dial(&rep.uri()).await.unwrap();
    rep.wait_invite(SOON).await.unwrap();
    rep.answer().await.unwrap();
    rep.wait_talking(SOON).await.unwrap();
    caller.wait_talking(SOON).await.unwrap();
    say(&rep, "fault_cannot_hear_caller").await;
    say(&caller, "greeting").await;
    // What the rep hears tells that three seconds have passed.
    rep.wait_heard(&prompt("greeting"), SOON).await.unwrap();
    rep.hang_up().await.unwrap();
    let heard = caller
        .wait_heard(&prompt("fault_cannot_hear_caller"), SOON)
        .await
        .unwrap();
    assert!(matches!(heard.heard.ended, Ended::Cut { .. }), "{heard:?}");
}

#[tokio::test]
async fn a_call_ends_as_the_other_phone_wants() {
    let caller = phone(Party::Caller, Answers::Busy);
    for (answers, code) in [(Answers::Busy, 486), (Answers::Decline, 603)] {
        let target = phone(Party::Target, answers);
        caller.dial(&target.uri()).await.unwrap();
        let ended = caller.wait_ended(SOON).await;
        assert_eq!(ended, Ok(Progress::Refused { code }));
    }
    let target = phone(Party::Target, Answers::Never);
    caller.dial(&target.uri()).await.unwrap();
    target.wait_invite(SOON).await.unwrap();
    caller.hang_up().await.unwrap();
    assert_eq!(target.wait_ended(SOON).await, Ok(Progress::Cancelled));
    let ended = caller.wait_ended(SOON).await;
    assert_eq!(ended, Ok(Progress::Refused { code: 487 }));
}

#[tokio::test]
async fn a_wait_that_is_not_met_says_where_the_phone_is() {
    let phone = phone(Party::Caller, Answers::Busy);
    let late = phone
        .wait_talking(Duration::from_millis(30))
        .await
        .unwrap_err();
    assert_eq!(
        late.to_string(),
        "wait 30ms for an answer: the phone is Idle"
    );
}
