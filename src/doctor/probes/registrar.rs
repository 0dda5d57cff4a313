use std::net::SocketAddr;

use super::outside::Outside;
use crate::desk::{self, Enrolled, clock};
use crate::doctor::Known;
use crate::doctor::verdicts::machine::Told;
use crate::doctor::verdicts::registrar::Outcome;
use crate::net::Target;
use crate::settings::Account;
use crate::sip::Transport;
use crate::sip::registration::{Inquiry, Reply, Verdict};
use crate::words::Entropy;

/// What an account's registrar says, and what its answer tells besides.
#[derive(Debug)]
pub(in crate::doctor) struct Asked {
    pub(in crate::doctor) outcome: Outcome,
    /// Its clock, in its words.
    pub(in crate::doctor) date: Option<Told>,
    /// By UDP: where our port leaves this PC, and as what it is seen there.
    pub(in crate::doctor) seen: Option<(SocketAddr, SocketAddr)>,
}

impl Asked {
    fn only(outcome: Outcome) -> Self {
        Self {
            outcome,
            date: None,
            seen: None,
        }
    }
}

/// As the agent that runs tells; an account that it does not know was added since its start.
pub(in crate::doctor) fn by_agent(account: &Account, known: &Known) -> Outcome {
    if !account.register {
        return Outcome::Not;
    }
    let mut views = known.registrations.iter();
    let view = views.find(|view| view.account == account.name);
    Outcome::Agents {
        state: view
            .map_or("unknown", |view| view.state.as_str())
            .to_owned(),
        code: view.and_then(|view| view.code),
    }
}

/// Asks by a REGISTER that changes nothing, at each place of the registrar until one answers.
pub(in crate::doctor) async fn ask(
    outside: &mut Outside,
    account: &Account,
    entropy: Entropy,
) -> Asked {
    if !account.register {
        return Asked::only(Outcome::Not);
    }
    let Enrolled {
        of_record,
        credentials,
        proxy,
        wanted,
    } = match desk::enrolled(account) {
        Ok(enrolled) => enrolled,
        Err(why) => return Asked::only(Outcome::NotAsked(why.sentence())),
    };
    let mut inquiry = Inquiry::new(of_record, credentials, proxy, entropy);
    let places = match outside.find(&wanted).await {
        Ok(places) => places,
        Err(why) => return Asked::only(Outcome::NotFound(why.to_string())),
    };
    let mut silent = Vec::new();
    for place in &places {
        if let Some(asked) = ask_at(outside, (account, &mut inquiry), place).await {
            return asked;
        }
        silent.push(format!("{} {}", place.hop.transport, place.hop.address));
    }
    let at = silent.join(", ");
    Asked::only(Outcome::Silent { at })
}

/// None where nobody answers there.
async fn ask_at(
    outside: &mut Outside,
    (account, inquiry): (&Account, &mut Inquiry),
    place: &Target,
) -> Option<Asked> {
    let began = clock::now();
    let mut request = inquiry.request();
    loop {
        let answer = outside.ask(request, place).await?;
        let Reply {
            verdict,
            date,
            seen_as,
        } = inquiry.responded(&answer);
        let outcome = match verdict {
            Verdict::Again(again) => {
                request = *again;
                continue;
            }
            Verdict::Known { bindings } => Outcome::Known {
                bindings,
                took: clock::now().since(began),
            },
            Verdict::Refused { code, why } => Outcome::Refused { code, why },
            Verdict::NotYet => return None,
        };
        let told = |date| Told {
            account: account.name.clone(),
            date,
            at: clock::utc(),
        };
        let local = outside.local_towards(place.hop.address.ip());
        return Some(Asked {
            outcome,
            date: date.map(told),
            seen: seen_as
                .filter(|_| place.hop.transport == Transport::Udp)
                .map(|seen| (local, seen)),
        });
    }
}
