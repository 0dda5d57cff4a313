use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::desk::clock;
use crate::doctor::Case;
use crate::doctor::verdicts::sound::{Heard, Keys, Worn};
use crate::seats::sound_cards::{
    Card, CardError, CardName, CardNews, Pair, SAMPLE_RATE, SoundCards, SoundServer, Wishes,
};
use crate::seats::{ButtonNews, Buttons, Sought, UsbId};
use crate::settings::{SeatKind, Settings};
use crate::words::Moment;

/// A sound server answers in milliseconds; one that is asleep is woken by being asked.
const LISTING_WAIT: Duration = Duration::from_secs(6);
/// What is recorded, in samples: 3 s.
const RECORDED: usize = 3 * SAMPLE_RATE as usize;
/// So long it may take at most: an idle device wakes, and one that stalls is judged by what came.
const RECORD_WAIT: Duration = Duration::from_secs(5);
/// So much longer than it lasts playing may take.
const PLAY_WAIT: Duration = Duration::from_secs(2);
/// How long the microphone is listened to once a sound is played, in samples: 2 s.
const LISTENED: usize = 2 * SAMPLE_RATE as usize;
/// A block of what is taken at once, in samples.
const BLOCK: usize = 960;
/// For the system to say which headsets have buttons.
const BUTTONS_WAIT: Duration = Duration::from_secs(3);

/// The sound devices of this PC.
pub(in crate::doctor) struct Devices {
    pub(in crate::doctor) cards: SoundCards,
    pub(in crate::doctor) chosen: Option<Chosen>,
    pub(in crate::doctor) worn: Worn,
}

/// The headset that the settings wish for.
#[derive(Clone, Debug)]
pub(in crate::doctor) struct Chosen {
    pub(in crate::doctor) pair: Pair,
    pub(in crate::doctor) is_muted: bool,
    usb: Option<UsbId>,
}

pub(in crate::doctor) fn has_seat(settings: &Settings) -> bool {
    settings
        .seat
        .iter()
        .any(|seat| seat.kind == SeatKind::Headset)
}

/// By the word of the agent that runs; none where it does not know us.
pub(in crate::doctor) fn by_agent(case: &Case) -> Option<Worn> {
    let mut seats = case.known()?.seats.iter();
    let seat = seats.find(|seat| seat.kind == "headset")?;
    Some(Worn::Agents(seat.state.clone()))
}

/// None where there is no sound server.
pub(in crate::doctor) fn devices(settings: &Settings) -> Option<Devices> {
    let (tell, news) = channel();
    let tell = move |news| tell.send(news).unwrap_or(());
    let cards = SoundCards::open(SoundServer::Usual, clock::now, tell).ok()?;
    if !is_listed(&news) {
        return None;
    }
    let there = cards.cards();
    let pair = Wishes::new(&settings.headset.prefer).choose(&there);
    let find = |name: &CardName| there.iter().find(|card| card.name == *name);
    let called =
        |name: &CardName| find(name).map_or(String::new(), |card| card.description.clone());
    let worn = match &pair {
        Some(pair) => Worn::Chosen {
            ear: called(&pair.ear),
            microphone: called(&pair.microphone),
        },
        None => Worn::NoneWished(there.iter().map(|card| card.description.clone()).collect()),
    };
    let usb = |card: &Card| UsbId::read(card.device.usb.as_deref()?);
    let chosen = pair.map(|pair| Chosen {
        is_muted: find(&pair.microphone).is_some_and(|card| card.state.muted),
        usb: find(&pair.ear).and_then(usb),
        pair,
    });
    Some(Devices {
        cards,
        chosen,
        worn,
    })
}

/// Whether the list of devices came in time.
pub fn is_listed(news: &Receiver<CardNews>) -> bool {
    matches!(news.recv_timeout(LISTING_WAIT), Ok(CardNews::ServerBack))
}

/// Of what a microphone gave.
pub struct Recorded {
    pub samples: Vec<f32>,
    /// From the first sample to the last.
    pub took: Duration,
}

/// Three seconds; `far` is told how much of it there is, of how much.
pub fn record(
    cards: &SoundCards,
    microphone: &CardName,
    mut far: impl FnMut(usize, usize),
) -> Result<Recorded, CardError> {
    let (bell, woken) = waker();
    let mut capture = cards.capture(microphone, move || bell.ring())?;
    let until = clock::now() + RECORD_WAIT;
    let mut samples = Vec::with_capacity(RECORDED);
    let mut block = [0.0; BLOCK];
    let mut began = None;
    while samples.len() < RECORDED && is_rung(&woken, until) {
        for _ in 0..capture.waiting().div_ceil(BLOCK) {
            let read = capture.read(&mut block);
            samples.extend(block.iter().take(read));
        }
        if began.is_none() {
            // Time is counted from here: these samples are older.
            began = Some(clock::now());
            samples.clear();
        }
        far(samples.len(), RECORDED);
    }
    let took = began.map_or(RECORD_WAIT, |began| clock::now().since(began));
    Ok(Recorded { samples, took })
}

/// Until the device has taken it all, or takes nothing any more.
pub fn play(cards: &SoundCards, ear: &CardName, samples: &[f32]) -> Result<(), CardError> {
    let (bell, woken) = waker();
    let mut playback = cards.playback(ear, move || bell.ring())?;
    let lasts = Duration::from_secs_f64(samples.len() as f64 / f64::from(SAMPLE_RATE));
    let until = clock::now() + lasts + PLAY_WAIT;
    let mut left = samples;
    while !left.is_empty() && is_rung(&woken, until) {
        let (now, later) = left.split_at(playback.wanted().min(left.len()));
        playback.write(now);
        left = later;
    }
    Ok(())
}

/// Plays a sound, and silence after it, while the microphone is listened to.
pub(in crate::doctor) fn play_and_listen(
    cards: &SoundCards,
    pair: &Pair,
    sound: &[f32],
) -> Result<Heard, CardError> {
    let (bell, woken) = waker();
    let second = bell.clone();
    let mut capture = cards.capture(&pair.microphone, move || bell.ring())?;
    let mut playback = cards.playback(&pair.ear, move || second.ring())?;
    let until = clock::now() + RECORD_WAIT;
    let (mut samples, mut block) = (Vec::with_capacity(LISTENED), [0.0; BLOCK]);
    let (mut given, mut played_at, mut began) = (0, None, None);
    while samples.len() < played_at.unwrap_or(0) + LISTENED && is_rung(&woken, until) {
        for _ in 0..capture.waiting().div_ceil(BLOCK) {
            let read = capture.read(&mut block);
            samples.extend(block.iter().take(read));
        }
        let wanted = playback.wanted();
        if wanted > 0 {
            // Whatever comes from the microphone from here on may have it.
            played_at.get_or_insert(samples.len() + capture.waiting());
            began.get_or_insert_with(clock::now);
            let rest = sound.get(given..).unwrap_or_default();
            let silence = vec![0.0; wanted.saturating_sub(rest.len())];
            let next: Vec<f32> = rest.iter().take(wanted).chain(&silence).copied().collect();
            given += playback.write(&next);
        }
    }
    let took = began.map_or(RECORD_WAIT, |began: Moment| clock::now().since(began));
    Ok(Heard {
        samples,
        played_at: played_at.unwrap_or(0),
        taken: given,
        took,
    })
}

/// A doorbell that several threads may ring.
#[derive(Clone)]
struct Bell(Sender<()>);

impl Bell {
    fn ring(&self) {
        self.0.send(()).unwrap_or(());
    }
}

fn waker() -> (Bell, Receiver<()>) {
    let (ring, woken) = channel();
    (Bell(ring), woken)
}

fn is_rung(woken: &Receiver<()>, until: Moment) -> bool {
    woken.recv_timeout(clock::now().until(until)).is_ok()
}

/// What the system says of the buttons of the headset.
pub(in crate::doctor) fn buttons(settings: &Settings, chosen: &Chosen) -> Keys {
    if !settings.headset.buttons {
        return Keys::Unwanted;
    }
    let (told, news) = channel();
    let tell = move |news: ButtonNews| told.send(news).unwrap_or(());
    let Ok(buttons) = Buttons::start(clock::now, Box::new(tell)) else {
        return Keys::Silent;
    };
    buttons.look(Sought {
        card: chosen.usb,
        prefer: settings.headset.prefer.clone(),
    });
    let until = clock::now() + BUTTONS_WAIT;
    while let Ok(news) = news.recv_timeout(clock::now().until(until)) {
        return match news {
            ButtonNews::Found { name } => Keys::Found(name),
            ButtonNews::Missing => Keys::Missing,
            ButtonNews::Denied { name, path } => Keys::Denied { name, path },
            ButtonNews::Unfit { name, why } => Keys::Unfit { name, why },
            ButtonNews::Gone { .. } | ButtonNews::Pressed(_) => continue,
        };
    }
    Keys::Silent
}
