//! What the command line says of itself to shells and to man(1), made of the same help as `--help`.

use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use super::failure::Failure;
use super::{Teller, help};

const NAME: &str = "thirdring";

pub(super) fn completions(shell: Shell, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let mut command = help::localised(teller.texts, teller.language);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    teller.out.write_all(&script).map_err(Failure::Output)
}

/// A page of the program, or, into a folder, one of each of its verbs, too: `thirdring-hold.1`.
pub(super) fn man(folder: Option<&Path>, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let command = help::localised(teller.texts, teller.language);
    match folder {
        Some(folder) => clap_mangen::generate_to(command, folder).map_err(|why| Failure::Folder {
            folder: folder.to_owned(),
            why,
        }),
        None => Man::new(command)
            .render(&mut teller.out)
            .map_err(Failure::Output),
    }
}
