//! What a rep's headset does in the middle of a call, and how soon it is told.

use std::time::{Duration, Instant};

use thirdring::seats::sound_cards::{
    Card, CardError, CardName, CardNews, Flow, Pair, SoundCards, StreamEnd, StreamNews, Wishes,
};

use super::listener::{Listener, samples, until};
use super::virtual_headset::{VirtualHeadset, tone};
use crate::peers::missing::{Need, can_run};

/// A fault is told within a second of the action that made it, and mostly within milliseconds.
const SOON: Duration = Duration::from_secs(1);

/// From the action, the time its program takes to start with it, until it was told.
fn told(fault: &str, act: impl FnOnce(), wait: impl FnOnce()) {
    let began = Instant::now();
    act();
    wait();
    let after = began.elapsed();
    println!("{fault}: told after {:.1} ms", after.as_secs_f64() * 1e3);
    assert!(after < SOON, "{fault}: {after:?}");
}

fn card(cards: &SoundCards, name: &str) -> Option<Card> {
    cards
        .cards()
        .into_iter()
        .find(|card| card.name.as_str() == name)
}

fn prefer(cards: &SoundCards, wishes: &[&str]) -> Option<Pair> {
    let wishes: Vec<_> = wishes
        .iter()
        .map(|it| it.parse().expect("a glob"))
        .collect();
    Wishes::new(&wishes).choose(&cards.cards())
}

#[test]
fn a_headset_that_is_unplugged_ends_its_streams() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("unplugged");
    let modules = headset.plug("jabra");
    let listener = Listener::of(&headset);
    let (capture, _woken) = listener.microphone("jabra_mic");
    let (playback, _wanted) = listener.ear("jabra_ear");
    listener.wait_for(playback.stream(), &StreamNews::Flow(Flow::Flows));
    let unplugged = StreamNews::Ended(StreamEnd::Unplugged);
    told(
        "microphone unplugged",
        || headset.unplug(&modules[2..]),
        || {
            listener.wait_for(capture.stream(), &unplugged);
        },
    );
    told(
        "ear unplugged",
        || headset.unplug(&modules[..1]),
        || {
            listener.wait_for(playback.stream(), &unplugged);
        },
    );
    until(&listener, |cards| {
        card(cards, "jabra_ear").is_none().then_some(())
    });
    let gone = listener.cards.capture(&CardName::new("jabra_mic"), || ());
    assert_eq!(gone.unwrap_err(), CardError::NoCard);
}

#[test]
fn another_headset_is_chosen_when_it_is_plugged() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("plugged");
    let listener = Listener::of(&headset);
    let wishes = ["jabra*", "headset*"];
    let first = prefer(&listener.cards, &wishes).expect("there is one");
    assert_eq!(first.microphone.as_str(), "headset_mic");
    let is_jabra = |pair: &Pair| {
        [&pair.ear, &pair.microphone].map(CardName::as_str) == ["jabra_ear", "jabra_mic"]
    };
    let plug = || drop(headset.plug("jabra"));
    told("another headset plugged, by three modules", plug, || {
        until(&listener, |cards| prefer(cards, &wishes).filter(is_jabra));
    });
}

#[test]
fn a_microphone_that_is_muted_at_the_server_is_told_and_so_is_our_own_mute() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("muted");
    let listener = Listener::of(&headset);
    let (mut capture, woken) = listener.microphone("headset_mic");
    let _playing = headset.speak(&tone(960_000, 0.25));
    let name = CardName::new("headset_mic");
    let is_told = |muted: bool| {
        let card = name.clone();
        listener.wait(|news| {
            *news
                == CardNews::Muted {
                    card: card.clone(),
                    muted,
                }
        });
    };
    let mute = || drop(headset.pactl(&["set-source-mute", "headset_mic", "1"]));
    told("muted at the server", mute, || is_told(true));
    assert!(card(&listener.cards, "headset_mic").is_some_and(|card| card.state.muted));
    while samples(&mut capture, &woken, 480)
        .iter()
        .any(|sample| *sample != 0.0)
    {}
    let unmute = || {
        listener
            .cards
            .set_mute(&name, false)
            .expect("there is room")
    };
    told("unmuted by us", unmute, || is_told(false));
    while samples(&mut capture, &woken, 480)
        .iter()
        .all(|sample| *sample == 0.0)
    {}
}

#[test]
fn a_microphone_that_is_put_to_sleep_is_told_and_flows_again() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("asleep");
    let listener = Listener::of(&headset);
    let (capture, _woken) = listener.microphone("headset_mic");
    let suspend = |word| drop(headset.pactl(&["suspend-source", "headset_mic", word]));
    told(
        "suspended",
        || suspend("1"),
        || {
            listener.wait_for(capture.stream(), &StreamNews::Suspended(true));
        },
    );
    told(
        "woken and flows",
        || suspend("0"),
        || {
            listener.wait_for(capture.stream(), &StreamNews::Suspended(false));
            listener.wait_for(capture.stream(), &StreamNews::Flow(Flow::Flows));
        },
    );
}

/// A server that stands still says nothing, as a device that hangs.
#[test]
fn a_microphone_that_only_stops_has_stalled() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("stalled");
    let listener = Listener::of(&headset);
    let (capture, _woken) = listener.microphone("headset_mic");
    let flow = |flow| {
        listener.wait_for(capture.stream(), &StreamNews::Flow(flow));
    };
    told("stalled", || headset.pause_server(), || flow(Flow::Stalled));
    told("flows again", || headset.go_on(), || flow(Flow::Flows));
}

#[test]
fn a_server_that_is_killed_ends_all_and_is_found_again() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut headset = VirtualHeadset::start("killed");
    let listener = Listener::of(&headset);
    let (capture, _woken) = listener.microphone("headset_mic");
    told(
        "killed",
        || headset.kill_server(),
        || {
            listener.wait_for(capture.stream(), &StreamNews::Ended(StreamEnd::ServerGone));
            listener.wait(|news| *news == CardNews::ServerGone);
        },
    );
    assert!(listener.cards.cards().is_empty());
    let refused = listener.cards.capture(&CardName::new("headset_mic"), || ());
    assert_eq!(refused.unwrap_err(), CardError::NoServer);
    drop(capture);
    headset.start_server();
    let back = listener.wait(|news| *news == CardNews::ServerBack);
    println!("found {} ms after it had started", back.as_millis());
    assert!(back < SOON, "{back:?}");
    listener.microphone("headset_mic");
}

#[test]
fn a_server_that_is_late_is_waited_for() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let mut headset = VirtualHeadset::start("late");
    headset.kill_server();
    let listener = Listener::before(&headset);
    listener.wait(|news| *news == CardNews::ServerGone);
    headset.start_server();
    listener.wait(|news| *news == CardNews::ServerBack);
    until(&listener, |cards| card(cards, "headset_mic"));
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("refused");
    let listener = Listener::of(&headset);
    let ear = CardName::new("headset_ear");
    assert_eq!(
        listener.cards.capture(&ear, || ()).unwrap_err(),
        CardError::NoCard
    );
}
