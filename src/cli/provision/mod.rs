//! `thirdring provision`: what this PC gets of an admin's settings, and how an admin gives them.

mod codes;
mod serving;
mod showing;
mod signed_files;
mod signing;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::arguments::ProvisionVerb;
use super::failure::{Failure, unusable};
use super::{Environment, Teller};
use crate::desk::clock;
use crate::files;
use crate::provision::SigningKey;
use crate::words::Sentence;

pub(super) fn run(
    verb: &ProvisionVerb,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    match verb {
        ProvisionVerb::ShowShare(layers) => showing::show(&layers.sources(environment), teller),
        ProvisionVerb::Keys { key } => keys(key, teller),
        ProvisionVerb::Sign(arguments) => signing::sign(arguments, teller),
        ProvisionVerb::Codes { codes } => codes::make(codes, teller),
        ProvisionVerb::Serve(arguments) => serving::serve(arguments, teller),
    }
}

/// Makes a pair: one half in a file of its owner's alone, the other told, for the PCs.
fn keys(file: &Path, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let seed = clock::seed().map_err(|why| Failure::not_started(&why))?;
    let key = SigningKey::from_seed(&seed);
    write_new(file, key.text().reveal()).map_err(|why| unusable(file, why))?;
    let public = key.public().to_string();
    if teller.json {
        return teller.line(&serde_json::json!({ "key": public }).to_string());
    }
    let path = file.display().to_string();
    let values = [("file", &*path), ("key", &*public)];
    let told = teller.filled("cli.provision.keys", &values);
    teller.line(&told)
}

/// A key that is there is not written over: PCs believe it.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut options = files::for_owner();
    let mut file = options.write(true).create_new(true).open(file)?;
    writeln!(file, "{text}")
}

fn read_key(file: &Path) -> Result<SigningKey, Failure> {
    let text = fs::read_to_string(file).map_err(|why| unusable(file, why))?;
    text.parse()
        .map_err(|why: Sentence| Failure::Told(why.with("file", file.display())))
}
