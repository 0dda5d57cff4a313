use serde_json::json;
use ureq::http::Method;

use super::api::Api;
use super::arguments::DrainWords;
use super::events::Events;
use super::failure::Failure;
use super::{Teller, show};
use crate::console::DrainView;
use crate::records::{Entry, What};

const PATH: &str = "/api/v1/drain";

/// Tells what still keeps the agent, until it has ended (D29).
pub(super) fn drain(words: &DrainWords, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    // From before it is asked: the end may come at once.
    let mut events = Events::of(None, api)?;
    let answer = api.send(Method::PUT, PATH, &json!({ "on": !words.cancel }))?;
    told(&answer, api, teller)?;
    if words.cancel || words.no_wait {
        return Ok(());
    }
    while let Some(line) = events.next()? {
        let what = api.view::<Entry>(&line)?.what;
        if let What::Drain { on: false } = what {
            return Err(Failure::DrainCancelled);
        }
        // After the last call it may have ended already.
        if let What::Ended { .. } = what
            && let Ok(answer) = api.get(PATH)
        {
            told(&answer, api, teller)?;
        }
    }
    match teller.json {
        true => Ok(()),
        false => teller.line(&teller.text("cli.drained")),
    }
}

fn told(answer: &str, api: &Api, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match teller.json {
        true => teller.line(answer)?,
        false => show::drain(&api.view::<DrainView>(answer)?, teller)?,
    }
    teller.out.flush().map_err(Failure::Output)
}
