//! L3. What is wrong with this PC as a place for the agent, why, and what to do about it.
//!
//! `probes` gather facts, `verdicts` say what they mean, `examination` goes from check to check. What an agent that runs
//! has for itself (ports, store, headset) it is asked about by its API: that it has them is no fault.
//!
//! Invariant: an examination leaves everything as it was, but what `--fix` names; nobody's registration is touched.

mod case;
mod check;
mod echo;
mod examination;
mod finding;
mod mending;
mod probes;
mod round;
mod verdicts;

pub use case::{Asked, Case, Known, Running};
pub use check::Check;
pub use echo::{Called, Whom, call};
pub use examination::{Fix, examine};
pub use finding::{Finding, Mend, Verdict};
pub use probes::headset::{Recorded, is_listed, play, record};
pub use round::News;
pub use verdicts::echo::{Back, Score, There};
pub use verdicts::microphone::{Fitness, Measured, judge, measure};
