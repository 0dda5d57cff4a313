//! A recorded call lived through again, by another policy: those who called and answered do the same at the same moments,
//! what we say and when follows from the policy.

use std::time::Duration;

use crate::call::{Input, LegNews};
use crate::journal::{Began, Head, Step, Took, Unplayed, read};
use crate::policy::Policy;
use crate::words::Moment;

use super::prompts::Lengths;
use super::scene::Scene;
use super::script::Rehearsal;
use super::stage::{Beginnings, Stage};
use super::transcript;

/// How long a call lives on after its last input.
const AFTERWARDS: Duration = Duration::from_secs(30);

impl Rehearsal {
    /// The transcript of a journal's call by the policy of this rehearsal: a line a moment, seconds since it began.
    pub fn relive(&self, journal: &str) -> Result<String, Unplayed> {
        let (head, steps) = read(journal)?;
        let scene = self.scene_of(&head, &steps);
        let beginning = match head.began {
            Began::Incoming(_) => Beginnings::Invite,
            Began::Outgoing => Beginnings::RepDials,
            Began::Callback(kind) => Beginnings::CallBack(kind),
        };
        let since = |at: Moment| Moment::ZERO + at.since(head.at);
        let mut stage = Stage::begin(scene, beginning, Moment::ZERO);
        for Step { at, took, .. } in &steps {
            if let Took::Input(input) = took
                && is_from_outside(input)
            {
                stage.play_until(since(*at));
                stage.input(shifted(input, since));
            }
        }
        stage.play_until(stage.now + AFTERWARDS);
        Ok(transcript::by_moment(&stage))
    }

    /// Store, seats and the other sides do as they did.
    fn scene_of(&self, head: &Head, steps: &[Step]) -> Scene {
        let inputs = || {
            steps.iter().filter_map(|step| match &step.took {
                Took::Input(input) => Some(input),
                Took::Replaced { .. } => None,
            })
        };
        let mut scene = Scene::of_terms(
            head.terms(Policy::clone(&self.policy)),
            self.prompts.clone(),
        );
        if let Began::Incoming(arrival) = head.began {
            scene.arrival = arrival;
        }
        scene.lengths = Lengths::Recorded(head.language);
        (scene.language, scene.records) = (head.language, head.records);
        scene.anonymous = !head.has_number;
        // Their acknowledgement is an input like any other.
        scene.acknowledges = false;
        scene.has_seat = !inputs().any(|input| matches!(input, Input::Leg(_, LegNews::NoSeat)));
        if let Some(promised) = inputs().find_map(|input| match input {
            Input::Promised(_, promised) => Some(*promised),
            _ => None,
        }) {
            scene.store = Some(promised);
        }
        scene.repair = inputs().find_map(|input| match input {
            Input::Repair(_, news) => Some(*news),
            _ => None,
        });
        scene
    }
}

/// What the stage does not bring about by itself.
fn is_from_outside(input: &Input) -> bool {
    !matches!(
        input,
        Input::Phrase(..)
            | Input::TimedOut(_)
            | Input::Promised(..)
            | Input::Judged(_)
            | Input::Repair(..)
            | Input::Leg(_, LegNews::Kept)
    )
}

fn shifted(input: &Input, since: impl Fn(Moment) -> Moment) -> Input {
    match input.clone() {
        Input::Voice {
            party,
            speaking,
            since: at,
        } => Input::Voice {
            party,
            speaking,
            since: since(at),
        },
        input => input,
    }
}
