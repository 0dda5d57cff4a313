//! `thirdring devices`: the sound devices of this PC, without an agent.

mod trial;

use std::sync::mpsc::{Receiver, channel};

use serde_json::json;

use super::arguments::DevicesArguments;
use super::failure::Failure;
use super::table::Table;
use super::{Environment, Teller};
use crate::desk::clock;
use crate::doctor::{self, is_listed};
use crate::seats::sound_cards::{
    Card, CardName, CardNews, CardState, Half, Pair, SoundCards, SoundServer, Wishes,
};
use crate::settings::{Inspection, Settings, Sources};
use crate::words::Sentence;

pub(super) fn run(
    arguments: &DevicesArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let devices = Devices::open(&arguments.layers.sources(environment))?;
    match (arguments.test, arguments.watch) {
        (true, _) => devices.try_headset(teller),
        (false, true) => devices.watch(teller),
        (false, false) => devices.list(teller),
    }
}

/// The devices there are; none where there is no sound server.
pub(super) fn listed() -> Vec<Card> {
    let (tell, news) = channel();
    let tell = move |news| tell.send(news).unwrap_or(());
    let cards = SoundCards::open(SoundServer::Usual, clock::now, tell).ok();
    let listed = cards.filter(|_| is_listed(&news));
    listed.map(|cards| cards.cards()).unwrap_or_default()
}

/// Plays samples of 48 kHz into the ear that calls would have, without any settings.
pub(super) fn play(samples: &[f32]) -> Result<(), Failure> {
    let devices = Devices::open(&Sources::default())?;
    let (pair, _) = devices.chosen()?;
    doctor::play(&devices.cards, &pair.ear, samples).map_err(trial::no_stream)
}

/// The devices as JSON, chosen or not; for who looks from far.
pub(super) fn described() -> String {
    let cards = listed();
    let pair = Wishes::new(&Settings::default().headset.prefer).choose(&cards);
    as_json(&cards, pair.as_ref())
}

/// What there is, what happens to it, and what a rep wishes for.
struct Devices {
    cards: SoundCards,
    news: Receiver<CardNews>,
    wishes: Wishes,
}

impl Devices {
    fn open(sources: &Sources) -> Result<Self, Failure> {
        let settings = Inspection::of(sources).settings_if_right();
        let settings = settings.map_err(Failure::Settings)?;
        let (tell, news) = channel();
        let tell = move |news| tell.send(news).unwrap_or(());
        let cards = SoundCards::open(SoundServer::Usual, clock::now, tell);
        Ok(Self {
            cards: cards.map_err(|error| Failure::not_started(&error))?,
            news,
            wishes: Wishes::new(&settings.headset.prefer),
        })
    }

    /// The pair that calls would have, and all that there is.
    fn chosen(&self) -> Result<(Pair, Vec<Card>), Failure> {
        self.wait_for_listing()?;
        let cards = self.cards.cards();
        let no_headset = || Failure::Told(Sentence::of("devices.no-headset"));
        let pair = self.wishes.choose(&cards).ok_or_else(no_headset)?;
        Ok((pair, cards))
    }

    fn list(&self, teller: &mut Teller<'_>) -> Result<(), Failure> {
        self.wait_for_listing()?;
        self.show(&self.cards.cards(), teller)
    }

    fn wait_for_listing(&self) -> Result<(), Failure> {
        match is_listed(&self.news) {
            true => Ok(()),
            false => Err(Failure::Told(Sentence::of("devices.no-server"))),
        }
    }

    fn try_headset(&self, teller: &mut Teller<'_>) -> Result<(), Failure> {
        let (pair, cards) = self.chosen()?;
        let microphone = cards.iter().find(|card| card.name == pair.microphone);
        let is_muted = microphone.is_some_and(|card| card.state.muted);
        trial::run(self, &pair, is_muted, teller)
    }

    /// The list, and then each change of it.
    fn watch(&self, teller: &mut Teller<'_>) -> Result<(), Failure> {
        let mut before: Option<Vec<Card>> = None;
        while let Ok(news) = self.news.recv() {
            match (news, &before) {
                (CardNews::ServerGone, _) => tell_server(false, teller)?,
                (CardNews::ServerBack, Some(_)) => tell_server(true, teller)?,
                (CardNews::ServerBack, None) | (CardNews::Changed, _) => {}
                (CardNews::Muted { .. } | CardNews::Stream { .. }, _) => continue,
            }
            let after = self.cards.cards();
            match &before {
                Some(before) => self.show_changes(before, &after, teller)?,
                None => self.show(&after, teller)?,
            }
            before = Some(after);
            teller.out.flush().map_err(Failure::Output)?;
        }
        Ok(())
    }

    fn show(&self, cards: &[Card], teller: &mut Teller<'_>) -> Result<(), Failure> {
        let chosen = self.wishes.choose(cards);
        if teller.json {
            return teller.line(&as_json(cards, chosen.as_ref()));
        }
        let mut table = Table::default();
        let head = ["half", "device", "state", "volume", "usb", "name"];
        let head = head.map(|column| teller.text(&format!("cli.column.{column}")));
        table.row([String::new()].into_iter().chain(head).collect());
        for card in cards {
            table.row(row(card, chosen.as_ref(), teller));
        }
        teller.table(&table)?;
        teller.line(&told_choice(cards, chosen.as_ref(), teller))
    }

    fn show_changes(
        &self,
        before: &[Card],
        after: &[Card],
        teller: &mut Teller<'_>,
    ) -> Result<(), Failure> {
        let chosen = self.wishes.choose(after);
        if teller.json {
            return teller.line(&as_json(after, chosen.as_ref()));
        }
        let is_in = |cards: &[Card], card: &Card| cards.iter().any(|it| it.name == card.name);
        for card in before.iter().filter(|card| !is_in(after, card)) {
            told_of(card, "devices.went", teller)?;
        }
        for card in after.iter().filter(|card| !is_in(before, card)) {
            told_of(card, "devices.came", teller)?;
        }
        for card in after
            .iter()
            .filter(|card| is_in(before, card) && !before.contains(card))
        {
            told_of(card, "devices.is-now", teller)?;
        }
        if self.wishes.choose(before) != chosen {
            teller.line(&told_choice(after, chosen.as_ref(), teller))?;
        }
        Ok(())
    }
}

fn tell_server(is_back: bool, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let key = if is_back {
        "devices.server-back"
    } else {
        "devices.server-gone"
    };
    match teller.json {
        true => Ok(()),
        false => teller.line(&teller.text(key)),
    }
}

fn told_of(card: &Card, key: &str, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let volume = card.state.volume_percent.to_string();
    let (half, state) = (
        half_word(card.half, teller),
        state_word(&card.state, teller),
    );
    let values = [
        ("device", card.description.as_str()),
        ("half", &half),
        ("state", &state),
        ("volume", &volume),
    ];
    teller.line(&teller.filled(key, &values))
}

fn told_choice(cards: &[Card], chosen: Option<&Pair>, teller: &Teller<'_>) -> String {
    let Some(pair) = chosen else {
        return teller.text("devices.none-chosen");
    };
    let called = |name: &CardName| {
        let card = cards.iter().find(|card| card.name == *name);
        card.map_or("", |card| card.description.as_str())
    };
    let values = [
        ("ear", called(&pair.ear)),
        ("microphone", called(&pair.microphone)),
    ];
    teller.filled("devices.chosen", &values)
}

fn is_chosen(card: &Card, chosen: Option<&Pair>) -> bool {
    chosen.is_some_and(|pair| card.name == pair.ear || card.name == pair.microphone)
}

fn row(card: &Card, chosen: Option<&Pair>, teller: &Teller<'_>) -> Vec<String> {
    let mark = if is_chosen(card, chosen) { "*" } else { "" };
    vec![
        mark.to_owned(),
        half_word(card.half, teller),
        card.description.clone(),
        state_word(&card.state, teller),
        format!("{}%", card.state.volume_percent),
        card.device.usb.clone().unwrap_or_default(),
        card.name.to_string(),
    ]
}

fn half_word(half: Half, teller: &Teller<'_>) -> String {
    teller.text(match half {
        Half::Ear => "devices.half.ear",
        Half::Microphone => "devices.half.microphone",
    })
}

/// What matters most of it.
fn state_word(state: &CardState, teller: &Teller<'_>) -> String {
    let key = if !state.plugged {
        "unplugged"
    } else if state.muted {
        "muted"
    } else if state.suspended {
        "suspended"
    } else {
        "ready"
    };
    teller.text(&format!("devices.state.{key}"))
}

fn as_json(cards: &[Card], chosen: Option<&Pair>) -> String {
    let card = |card: &Card| {
        let mut json = json!(card);
        if let Some(fields) = json.as_object_mut() {
            fields.insert("chosen".to_owned(), is_chosen(card, chosen).into());
        }
        json
    };
    json!(cards.iter().map(card).collect::<Vec<_>>()).to_string()
}
