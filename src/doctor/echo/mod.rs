//! `doctor call`: an echo test is called, spoken to, and listened to by the ear.

mod call;
mod mirror;
mod tape;

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use tokio::runtime::Builder;

use self::call::{Call, Dial};
use self::mirror::Mirror;
use self::tape::Script;
use super::probes::outside::Outside;
use super::round::open_outside;
use super::verdicts::echo::{Score, score};
use super::{Case, Finding};
use crate::desk::{self, clock};
use crate::net::{Target, Wanted};
use crate::settings::Account;
use crate::sip::{NameAddr, Uri};
use crate::words::{Entropy, PromptId, Sentence};

pub(super) use self::tape::Echo;

/// Three seconds, which no other phrase resembles.
const PHRASE: &str = "greeting_unit";
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Whom to call.
#[derive(Clone, Debug)]
pub enum Whom {
    /// `sip:echo@192.0.2.1`; by the account of that domain, where there is one.
    Uri(Uri),
    /// As the first account dials it.
    Number(String),
    /// The echo number that an account names, or else an echo of our own on loopback.
    Usual,
}

/// What came of a call, and what is to be said of it.
pub struct Called {
    /// Whom we called.
    pub uri: String,
    pub score: Score,
    pub findings: Vec<Finding>,
}

/// Calls, speaks and listens, for some twenty seconds; `far` is told how much of it is over, of how much. The error says
/// why there was no call.
pub fn call(
    case: &Case,
    whom: Whom,
    mut far: impl FnMut(usize, usize),
) -> Result<Called, Sentence> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| system(&why))?.block_on(async {
        let script = script(case)?;
        let (uri, score) = match dialled(case, whom)? {
            Some(wish) => by_network(case, wish, &script, &mut far).await?,
            None => by_mirror(case, &script, &mut far).await?,
        };
        Ok(Called {
            uri,
            findings: self::score(&score),
            score,
        })
    })
}

fn system(why: &io::Error) -> Sentence {
    Sentence::of("doctor.system").with("why", Sentence::of_io(why))
}

fn entropy() -> Result<Entropy, Sentence> {
    let seed = clock::seed().map_err(|why| system(&why.into()))?;
    Ok(Entropy::from_seed(seed))
}

fn script(case: &Case) -> Result<Script, Sentence> {
    let book = crate::media::Phrasebook::shipped();
    let prompt: PromptId = PHRASE.parse().expect("it is a phrase of ours");
    let language = case.settings.language;
    let clip = book.clip(&prompt, language).map_err(|why| why.sentence())?;
    Ok(Script::new(prompt, language, clip.samples().to_vec()))
}

/// Who is called, and by which account.
struct Wish<'a> {
    uri: Uri,
    account: Option<&'a Account>,
}

/// None for our own echo.
fn dialled(case: &Case, whom: Whom) -> Result<Option<Wish<'_>>, Sentence> {
    let accounts = &case.settings.sip.account;
    match whom {
        Whom::Uri(uri) => {
            let mut accounts = accounts.iter();
            let account = accounts.find(|account| account.domain.to_string() == uri.host());
            Ok(Some(Wish { uri, account }))
        }
        Whom::Number(number) => {
            let account = accounts.first();
            let account = account.ok_or_else(|| Sentence::of("doctor.echo.no-account"))?;
            by_account(account, &number).map(Some)
        }
        Whom::Usual => {
            let mut named = accounts
                .iter()
                .filter_map(|it| Some((it, it.echo.as_ref()?)));
            let named = named.next();
            named
                .map(|(account, number)| by_account(account, number))
                .transpose()
        }
    }
}

fn by_account<'a>(account: &'a Account, number: &str) -> Result<Wish<'a>, Sentence> {
    let uri = Uri::at(number, &account.domain.to_string());
    let uri = uri.map_err(|_| Sentence::of("doctor.echo.no-number").with("number", number))?;
    Ok(Wish {
        uri,
        account: Some(account),
    })
}

async fn by_network(
    case: &Case,
    wish: Wish<'_>,
    script: &Script,
    far: &mut dyn FnMut(usize, usize),
) -> Result<(String, Score), Sentence> {
    let mut outside = open_outside(case).map_err(|why| system(&why))?;
    let uri = wish.uri.to_string();
    let dial = dial(&mut outside, case, wish).await?;
    let settings = &case.settings;
    let ip = settings.media.address.unwrap_or(settings.sip.listen.ip());
    let call = Call::begin(&mut outside, ip, dial, entropy()?).map_err(|why| system(&why))?;
    Ok((uri, call.score(script, far).await?))
}

async fn dial(outside: &mut Outside, case: &Case, wish: Wish<'_>) -> Result<Dial, Sentence> {
    let Wish { uri, account } = wish;
    let Some(account) = account else {
        let place = find(outside, &Wanted::of(&uri)).await?;
        let local = outside.local_towards(place.hop.address.ip());
        let from = NameAddr::new(None, Uri::sip(&case.settings.sip.from_user, local));
        return Ok(Dial {
            uri,
            place,
            from,
            login: None,
            routes: Vec::new(),
        });
    };
    let enrolled = desk::enrolled(account).map_err(|why| why.sentence())?;
    let place = find(outside, &enrolled.wanted).await?;
    let routes = enrolled.proxy.iter();
    Ok(Dial {
        uri,
        place,
        from: enrolled.of_record.address().clone(),
        login: Some(enrolled.credentials),
        routes: routes
            .map(|proxy| ("Route".to_owned(), format!("<{proxy}>")))
            .collect(),
    })
}

async fn find(outside: &mut Outside, wanted: &Wanted) -> Result<Target, Sentence> {
    let not_found = |why: String| Sentence::of("doctor.echo.not-found").with("why", why);
    let places = outside.find(wanted).await;
    let places = places.map_err(|why| not_found(why.to_string()))?;
    places
        .into_iter()
        .next()
        .ok_or_else(|| not_found(wanted.host.clone()))
}

async fn by_mirror(
    case: &Case,
    script: &Script,
    far: &mut dyn FnMut(usize, usize),
) -> Result<(String, Score), Sentence> {
    let refused = |why: io::Error| system(&why);
    let mirror = Mirror::open(entropy()?).map_err(refused)?;
    let uri = mirror.uri().map_err(refused)?;
    let user_agent = &case.settings.sip.user_agent;
    let outside = Outside::open(LOOPBACK, user_agent, None, entropy()?);
    let mut outside = outside.map_err(refused)?;
    let wish = Wish {
        uri: uri.clone(),
        account: None,
    };
    let dial = dial(&mut outside, case, wish).await?;
    let call = Call::begin(&mut outside, LOOPBACK, dial, entropy()?).map_err(refused)?;
    tokio::select! {
        score = call.score(script, far) => Ok((uri.to_string(), score?)),
        () = mirror.live() => Err(Sentence::of("doctor.echo.hung-up")),
    }
}
