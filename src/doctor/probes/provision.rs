use std::time::Duration;

use crate::desk::{Answer, Question, server_of};
use crate::doctor::Case;
use crate::doctor::verdicts::provision::Provisioned;
use crate::settings::ProvisionServer;

/// An admin who sits before it waits no longer.
const WITHIN: Duration = Duration::from_secs(10);

/// The server is asked, and nothing is taken.
pub(in crate::doctor) fn state(case: &Case) -> Provisioned {
    let Some(server) = server_of(&case.sources) else {
        return Provisioned::NotSet;
    };
    let question = Question::open(&server, Some(&case.state), WITHIN);
    let answer = question.and_then(|question| {
        let held = question.held().map(|copy| copy.index.serial);
        question
            .ask()
            .map(|answer| (held.unwrap_or_default(), answer))
    });
    let offered = |serial, is_taken| Provisioned::Offered {
        url: server.url.to_string(),
        serial,
        is_taken,
    };
    match answer {
        Ok((held, Answer::Unchanged { .. })) => offered(held, true),
        Ok((_, Answer::Newer(newer))) => offered(newer.index.serial, false),
        Err(why) => Provisioned::Refused {
            why: why.sentence(),
            held: held(case, &server),
        },
    }
}

fn held(case: &Case, server: &ProvisionServer) -> Option<(u64, jiff::Timestamp)> {
    let copy = server.copy(&case.state).ok()??;
    let whole = copy.spoilt.is_none();
    let note = copy.note.filter(|_| whole)?;
    Some((copy.index.serial, note.confirmed))
}
