//! What is asked, in the order in which an admin knows it: the callers, the rep's place, the PBX.

use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use super::super::Teller;
use super::super::arguments::SetupArguments;
use super::super::devices;
use super::super::failure::Failure;
use super::answers::{Account, Answers, Seat};
use super::asking::Asking;
use crate::seats::sound_cards::{Card, Wishes};
use crate::settings::{Headset, Host, HostPort, SipUri};
use crate::words::{Glob, Language, Pii, Sentence};

const SIP: u16 = 5060;
const API: u16 = 8080;
/// Ports that are looked at until one is free.
const PORTS: u16 = 50;

pub(super) fn ask<R: BufRead>(
    given: &SetupArguments,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Answers, Failure> {
    let language = language(asking, teller)?;
    let seat = seat(given, asking, teller)?;
    let account = account(given, asking, teller)?;
    let ip = match (&account, &seat) {
        // Nobody outside is to be reached.
        (None, Seat::Headset { .. }) => Ipv4Addr::LOCALHOST,
        (Some(_), _) | (_, Seat::Phone(_)) => Ipv4Addr::UNSPECIFIED,
    };
    Ok(Answers {
        language,
        listen: free(ip, SIP, |at| UdpSocket::bind(at).is_ok()),
        api: free(Ipv4Addr::LOCALHOST, API, |at| TcpListener::bind(at).is_ok()),
        seat,
        account,
    })
}

fn language<R: BufRead>(
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Language, Failure> {
    let question = teller.text("setup.ask.language");
    let usual = teller.language.tag();
    asking.value(&question, usual, teller, |typed| {
        typed
            .parse()
            .map_err(|_| Sentence::of("setup.language").to_string())
    })
}

fn seat<R: BufRead>(
    given: &SetupArguments,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Seat, Failure> {
    let read = |typed: &str| match typed {
        "headset" => Ok(None),
        uri => uri
            .parse()
            .map(Some)
            .map_err(|why: Sentence| why.to_string()),
    };
    let phone: Option<SipUri> = match &given.seat {
        Some(seat) => read(seat).map_err(|why| Failure::Value(why.clone()))?,
        None => {
            let question = teller.text("setup.ask.seat");
            asking.value(&question, "headset", teller, read)?
        }
    };
    match phone {
        Some(uri) => Ok(Seat::Phone(uri)),
        None => headset(asking, teller),
    }
}

/// The one that would be chosen, or another by a part of its name.
fn headset<R: BufRead>(asking: &mut Asking<R>, teller: &mut Teller<'_>) -> Result<Seat, Failure> {
    let cards = devices::listed();
    let usual = Wishes::new(&Headset::default().prefer);
    let chosen = called(&usual, &cards);
    for card in &cards {
        teller.line(&format!("  {}", card.description))?;
    }
    let (key, name) = match &chosen {
        Some(name) => ("setup.ask.headset", name.as_str()),
        None => ("setup.ask.other-headset", ""),
    };
    let question = teller.text(key);
    let typed = asking.value(&question, name, teller, |typed| {
        let is_there = typed.is_empty() || !fitting(typed, &cards).is_empty();
        let unknown = || Sentence::of("setup.no-such-headset").to_string();
        is_there.then(|| typed.to_owned()).ok_or_else(unknown)
    })?;
    let is_usual = typed.is_empty() || Some(&typed) == chosen.as_ref();
    Ok(Seat::Headset {
        wish: (!is_usual).then(|| format!("*{typed}*")),
    })
}

fn called(wishes: &Wishes, cards: &[Card]) -> Option<String> {
    let pair = wishes.choose(cards)?;
    let ear = cards.iter().find(|card| card.name == pair.ear)?;
    Some(ear.description.clone())
}

fn fitting<'a>(part: &str, cards: &'a [Card]) -> Vec<&'a Card> {
    let wish: Result<Glob, _> = format!("*{part}*").parse();
    let cards = cards.iter();
    let fit = cards.filter(|card| wish.as_ref().is_ok_and(|wish| wish.fits(&card.description)));
    fit.collect()
}

/// None where there is no PBX yet.
fn account<R: BufRead>(
    given: &SetupArguments,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Option<Account>, Failure> {
    let read = |typed: &str| {
        if typed.is_empty() {
            return Ok(None);
        }
        let (username, domain) = typed.split_once('@').ok_or_else(not_an_account)?;
        let domain: Host = domain.parse().map_err(|why: Sentence| why.to_string())?;
        match username {
            "" => Err(not_an_account()),
            username => Ok(Some((username.to_owned(), domain))),
        }
    };
    let named = match &given.account {
        Some(account) => read(account).map_err(Failure::Value)?,
        None => asking.value(&teller.text("setup.ask.account"), "", teller, read)?,
    };
    let Some((username, domain)) = named else {
        return Ok(None);
    };
    Ok(Some(Account {
        proxy: proxy(given, asking, teller)?,
        password: password(given, asking, teller)?,
        username,
        domain,
    }))
}

fn not_an_account() -> String {
    Sentence::of("setup.not-an-account").to_string()
}

fn proxy<R: BufRead>(
    given: &SetupArguments,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Option<HostPort>, Failure> {
    let read = |typed: &str| match typed {
        "" => Ok(None),
        typed => typed
            .parse()
            .map(Some)
            .map_err(|why: Sentence| why.to_string()),
    };
    match &given.proxy {
        Some(proxy) => read(proxy).map_err(Failure::Value),
        None => asking.value(&teller.text("setup.ask.proxy"), "", teller, read),
    }
}

/// Its first line, as `{ file = .. }` reads it.
fn password<R: BufRead>(
    given: &SetupArguments,
    asking: &mut Asking<R>,
    teller: &mut Teller<'_>,
) -> Result<Pii<String>, Failure> {
    let Some(file) = &given.password_file else {
        let question = teller.text("setup.ask.password");
        return asking.secret(&question, teller).map(Pii::new);
    };
    let text = std::fs::read_to_string(file).map_err(|why| Failure::File {
        file: file.display().to_string(),
        why,
    })?;
    Ok(Pii::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// The usual port, or the first above it that nobody has.
fn free(ip: Ipv4Addr, usual: u16, is_free: impl Fn(SocketAddr) -> bool) -> SocketAddr {
    let at = |port: u16| SocketAddr::new(IpAddr::V4(ip), port);
    let mut ports = (usual..usual + PORTS).map(at);
    ports.find(|at| is_free(*at)).unwrap_or(at(usual))
}
