//! `thirdring recording`: pauses a call's recording, and opens a sealed one without an agent.

use serde_json::json;

use super::arguments::{DecryptArguments, Everywhere, RecordingVerb};
use super::call_verbs;
use super::failure::Failure;
use super::{Environment, Teller};
use crate::cli::api::Api;
use crate::recordings::store::{Decrypted, decrypt, read_key};
use crate::words::Command;

pub(super) fn run(
    verb: RecordingVerb,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let (paused, call) = match verb {
        RecordingVerb::Pause { call } => (true, call),
        RecordingVerb::Resume { call } => (false, call),
        RecordingVerb::Decrypt(arguments) => return open(&arguments, teller),
    };
    let api = Api::new(everywhere, environment, teller.language)?;
    call_verbs::send(&Command::Recording { paused }, call, &api, teller)
}

/// What is right of a broken file is written; that it is broken is the failure.
fn open(arguments: &DecryptArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let key = read_key(&arguments.key_file).map_err(|why| Failure::Recording(why.sentence()))?;
    let opened = decrypt(&key, &arguments.sealed, &arguments.opened);
    let Decrypted {
        call,
        bytes,
        broken,
    } = opened.map_err(|why| Failure::Recording(why.sentence()))?;
    if let Some(broken) = broken {
        return Err(Failure::Recording(broken.sentence()));
    }
    if teller.json {
        return teller.line(&json!({ "call": call, "bytes": bytes }).to_string());
    }
    let (call, bytes) = (call.to_string(), bytes.to_string());
    teller.line(&teller.filled("cli.decrypted", &[("call", &call), ("bytes", &bytes)]))
}
