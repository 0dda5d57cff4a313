//! `thirdring enrol`: a code for secrets, once.

use std::time::Duration;

use super::arguments::EnrolArguments;
use super::failure::{Failure, unusable};
use super::table::Table;
use super::{Environment, Teller};
use crate::desk;
use crate::net::{Web, WebFault};
use crate::provision::store::{keep_secrets, secrets_file};
use crate::provision::{ENROL, Enrolled, Enrolment};
use crate::settings::ProvisionServer;
use crate::words::{Pii, Sentence};

const WITHIN: Duration = Duration::from_secs(20);

/// Secrets of a PC: some passwords.
const ANSWER_MAX_BYTES: u64 = 64 * 1024;

pub(super) fn run(
    arguments: &EnrolArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let sources = arguments.layers.sources(environment);
    let server = desk::server_of(&sources);
    let server = server.ok_or_else(|| Failure::Told(Sentence::of("provision.not-set")))?;
    let state = sources.state.ok_or(Failure::NoStateFolder)?;
    let file = secrets_file(&state);
    let unwritten = |why| unusable(&file, why);
    // A code must not be spent on what cannot be kept.
    keep_secrets(&state, &Enrolled::default()).map_err(unwritten)?;
    let enrolled = redeemed(&server, &arguments.code)?;
    keep_secrets(&state, &enrolled).map_err(unwritten)?;
    if teller.json {
        let names: Vec<&String> = enrolled.secrets.keys().collect();
        return teller.line(&serde_json::json!({ "secrets": names }).to_string());
    }
    let kept = teller.filled("cli.enrol.kept", &[("file", &file.display().to_string())]);
    teller.line(&kept)?;
    let mut table = Table::default();
    for name in enrolled.secrets.keys() {
        table.row(vec![name.clone(), "***".to_owned()]);
    }
    teller.table(&table)
}

fn redeemed(server: &ProvisionServer, code: &str) -> Result<Enrolled, Failure> {
    let refused = |key: &str| Failure::Told(Sentence::of(key));
    let web = Web::open(server.ca.as_deref(), WITHIN);
    let web = web.map_err(|why| Failure::Told(why.sentence()))?;
    let asked = Enrolment {
        code: Pii::new(code.to_owned()),
        host: server.pc.host.clone(),
        user: server.pc.user.clone(),
    };
    let asked = serde_json::to_string(&asked).expect("it has only string keys");
    match web.post(&server.url.join(ENROL), asked, ANSWER_MAX_BYTES) {
        Ok((200, body)) => serde_json::from_slice(&body).map_err(|_| refused("enrol.no-secrets")),
        Ok((403, _)) => Err(refused("enrol.another-pc")),
        Ok((404, _)) => Err(refused("enrol.no-code")),
        Ok((status, _)) => {
            let told = Sentence::of("enrol.status").with("status", status);
            Err(Failure::Told(told))
        }
        Err(WebFault::Unreachable(why)) => {
            let told = Sentence::of("provision.unreachable").with("why", why);
            Err(Failure::Told(told))
        }
        Err(WebFault::Untrusted(why)) => {
            let told = Sentence::of("provision.untrusted").with("why", why);
            Err(Failure::Told(told))
        }
        // It may have been redeemed.
        Err(WebFault::Slow | WebFault::TooLarge | WebFault::Status(_)) => {
            Err(refused("enrol.unheard"))
        }
    }
}
