//! `thirdring ports`: what a firewall must let in, as a table for people and for Markdown.

use super::arguments::LayersArguments;
use super::failure::Failure;
use super::{Environment, Teller};
use crate::settings::Inspection;

pub(super) fn list(
    layers: &LayersArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let inspection = Inspection::of(&layers.sources(environment));
    let settings = inspection.settings_if_right();
    let openings = settings.map_err(Failure::Settings)?.openings();
    let head = ["protocol", "at", "key", "for"];
    let head = head.map(|name| teller.text(&format!("cli.column.{name}")));
    teller.line(&format!("| {} |", head.join(" | ")))?;
    teller.line("| --- | --- | --- | --- |")?;
    for opening in openings {
        let at = opening.at.unwrap_or_else(|| teller.text("ports.closed"));
        let (protocol, key) = (opening.protocol, opening.key);
        let what = teller.text(&format!("ports.{key}"));
        teller.line(&format!("| {protocol} | {at} | `{key}` | {what} |"))?;
    }
    Ok(())
}
