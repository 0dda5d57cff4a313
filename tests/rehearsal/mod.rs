//! Calls in virtual time (`thirdring::rehearsal`): scripts that are shipped, and anything by chance.

mod chance;
mod commands;
mod drawing;
mod random;
mod replay;
mod shipped;
mod telling;

use std::sync::{Arc, LazyLock};

use thirdring::desk;
use thirdring::media::Phrasebook;
use thirdring::policy::Policy;
use thirdring::rehearsal::{Prompts, Rehearsal};

static PROMPTS: LazyLock<Prompts> = LazyLock::new(|| {
    let book = Phrasebook::shipped();
    let promising = desk::promising(&book);
    Prompts::new(Arc::new(book), promising)
});

/// Of the standard, with the shipped phrases.
pub(crate) fn of_the_standard() -> Rehearsal {
    of(Policy::standard())
}

pub(crate) fn of(policy: Policy) -> Rehearsal {
    Rehearsal::new(Arc::new(policy), PROMPTS.clone())
}
