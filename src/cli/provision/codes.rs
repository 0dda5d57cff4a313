//! Codes for PCs that are to enrol: made where an entry has none, told once.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::Teller;
use super::super::failure::{Failure, unusable};
use super::super::table::Table;
use crate::desk::clock;
use crate::files;
use crate::provision::{Codes, Made};
use crate::words::{Entropy, Pii};

/// Four of four characters of 5 bits each: 80 bits, and no hardship to type.
const GROUPS: usize = 4;
const GROUP: usize = 4;

/// Gives each entry that has none a code; the file is its owner's alone from then on.
pub(super) fn make(file: &Path, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let seed = clock::seed().map_err(|why| Failure::not_started(&why))?;
    let mut entropy = Entropy::from_seed(seed);
    let failed = |why| unusable(file, why);
    // A server may be redeeming one.
    let lock = files::lock(file).map_err(failed)?;
    let text = fs::read_to_string(file).map_err(failed)?;
    let codes = Codes::read(&text).map_err(Failure::Told)?;
    let (text, made) = codes.completed(|| code(&mut entropy));
    if !made.is_empty() {
        files::replace_private(file, text.as_bytes()).map_err(failed)?;
    }
    drop(lock);
    tell(&made, teller)
}

/// `mfrg-g2df-mztw-q2lk`.
fn code(entropy: &mut Entropy) -> Pii<String> {
    let groups: Vec<String> = (0..GROUPS).map(|_| entropy.token(GROUP)).collect();
    Pii::new(groups.join("-"))
}

fn tell(made: &[Made], teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        let codes: Vec<Value> = made
            .iter()
            .map(|it| json!({ "code": it.code.reveal(), "host": it.hosts, "secrets": it.secrets }))
            .collect();
        return teller.line(&json!({ "codes": codes }).to_string());
    }
    if made.is_empty() {
        let none = teller.text("cli.provision.no-codes-made");
        return teller.line(&none);
    }
    let mut table = Table::default();
    for it in made {
        let hosts = match it.hosts.is_empty() {
            true => teller.text("cli.provision.any-pc"),
            false => it.hosts.join(", "),
        };
        table.row(vec![it.code.reveal().clone(), hosts, it.secrets.join(", ")]);
    }
    table.lines().iter().try_for_each(|line| teller.line(line))
}
