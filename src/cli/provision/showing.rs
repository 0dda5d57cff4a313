//! What this PC would get, and what it has.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::Teller;
use super::super::failure::Failure;
use super::super::table::Table;
use crate::desk::{self, Answer, Question};
use crate::provision::store::Copy;
use crate::provision::{Index, Refusal, Share};
use crate::settings::{ProvisionServer, Sources};
use crate::words::Sentence;

/// Nobody waits longer for a line.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) fn show(sources: &Sources, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let server = desk::server_of(sources);
    let server = server.ok_or_else(|| Failure::Told(Sentence::of("provision.not-set")))?;
    let asked = Question::open(&server, sources.state.as_deref(), WITHIN).and_then(|question| {
        question
            .ask()
            .map(|answer| (question.held().cloned(), answer))
    });
    let held = sources.state.as_deref().map(|state| server.copy(state));
    let held: Option<Copy> = held.and_then(|copy| copy.ok().flatten());
    let share = match &asked {
        Ok((_, Answer::Newer(newer))) => Some((&newer.index, &newer.share)),
        Ok((Some(copy), Answer::Unchanged { .. })) => Some((&copy.index, &copy.share)),
        Ok((None, Answer::Unchanged { .. })) | Err(_) => None,
    };
    let shown = Shown {
        server: &server,
        share,
        held: held.as_ref(),
    };
    if teller.json {
        let why = asked.as_ref().err().map(Refusal::as_str);
        teller.line(&shown.raw(why).to_string())?;
    } else {
        let table = shown.table(teller);
        teller.table(&table)?;
    }
    match asked {
        Ok(_) => Ok(()),
        Err(why) => Err(Failure::Told(why.sentence())),
    }
}

struct Shown<'a> {
    server: &'a ProvisionServer,
    /// What the server gives this PC.
    share: Option<(&'a Index, &'a Share)>,
    held: Option<&'a Copy>,
}

impl Shown<'_> {
    fn table(&self, teller: &Teller<'_>) -> Table {
        let mut table = Table::default();
        let mut row = |name: &str, value: String| {
            table.row(vec![teller.text(&format!("cli.provision.{name}")), value]);
        };
        let pc = &self.server.pc;
        row("server", self.server.url.to_string());
        row("host", pc.host.clone());
        row("user", pc.user.clone());
        if let Some((index, share)) = self.share {
            row("serial", index.serial.to_string());
            for layer in &share.layers {
                row(layer.as_str(), layer.path().to_string());
            }
            row("files", share.files.len().to_string());
            let locked: Vec<&str> = index.locked.iter().map(|it| it.as_str()).collect();
            row("locked", locked.join(", "));
        }
        match self.held.and_then(|copy| Some((copy, copy.note.as_ref()?))) {
            Some((copy, note)) => {
                row("held", copy.index.serial.to_string());
                row("taken", note.taken.to_string());
                row("confirmed", note.confirmed.to_string());
            }
            None => row("held", teller.text("cli.provision.none")),
        }
        table
    }

    fn raw(&self, refused: Option<&str>) -> Value {
        let pc = &self.server.pc;
        let offered = self.share.map(|(index, share)| {
            let layers = share.layers.iter().map(|layer| layer.path().as_str());
            json!({
                "serial": index.serial,
                "layers": layers.collect::<Vec<_>>(),
                "files": share.files.keys().collect::<Vec<_>>(),
                "locked": index.locked.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
            })
        });
        let held = self.held.and_then(|copy| Some((copy, copy.note.as_ref()?)));
        let held = held.map(|(copy, note)| {
            json!({
                "serial": copy.index.serial,
                "taken": note.taken,
                "confirmed": note.confirmed,
            })
        });
        json!({
            "url": self.server.url,
            "host": pc.host,
            "user": pc.user,
            "offered": offered,
            "held": held,
            "refused": refused,
        })
    }
}
