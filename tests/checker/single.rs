//! What the rounds found, each once and on purpose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Client, get, http};
use super::desk::{Desk, Run};
use super::plan::{Plan, Then};
use super::uas::Uas;
use super::wire::{Line, Log, What};
use super::{A_LOOK, SEED};
use crate::peers::scratch::Scratch;

/// All that happens here happens sooner.
const SOON: Duration = Duration::from_secs(30);

/// One desk, or several, and customers who all do the same.
pub(super) struct Scene {
    pub(super) desks: Vec<Desk>,
    client: Client,
    log: Arc<Log>,
    _uas: Uas,
    _scratch: Scratch,
}

impl Scene {
    fn new(seats: u32, plan: Plan) -> Self {
        Self::with(seats, plan, &[String::new()])
    }

    /// `stores` are the settings of each desk's store.
    pub(super) fn with(seats: u32, plan: Plan, stores: &[String]) -> Self {
        let scratch = Scratch::new("customers");
        let log = Arc::new(Log::open(&scratch.path("uas.log")));
        let uas = Uas::open(SEED, Arc::clone(&log));
        uas.all_do(plan);
        let desks = stores
            .iter()
            .map(|store| Desk::new(uas.address, seats, store));
        Self {
            desks: desks.collect(),
            client: Client::new(0, "client", SEED),
            log,
            _uas: uas,
            _scratch: scratch,
        }
    }

    /// Somebody asks for a callback to the one number of the scene.
    pub(super) fn ask(&mut self, run: &Run) {
        self.client.want_for(0);
        while self.client.waiting() > 0 {
            self.client.ask(run.api());
        }
    }

    /// The lines on the wire, once they are as they should be.
    pub(super) fn wait(&self, are_so: impl Fn(&[Line]) -> bool) -> Vec<Line> {
        let until = Instant::now() + SOON;
        loop {
            let lines = self.log.lines();
            if are_so(&lines) {
                return lines;
            }
            assert!(Instant::now() < until, "{lines:#?}");
            self.log.wait(A_LOOK);
        }
    }

    /// The second time.
    pub(super) fn is_called_after_hanging_up(&self) {
        let lines = self.wait(second_call);
        assert_eq!(lines.iter().filter(is_invite).count(), 2);
        let before = before_second_call(&lines);
        assert!(before.contains(&&What::HungUp), "{before:?}");
    }

    /// Until all that was promised is done.
    pub(super) fn wait_until_done(&self, run: &Run) {
        while rows(run).iter().any(|row| row["state"] != "done") {
            self.log.wait(A_LOOK / 10);
        }
    }
}

fn rows(run: &Run) -> Vec<Value> {
    let rows = get(&http(), run.api(), "/callbacks");
    rows.as_array().expect("a list").clone()
}

fn is_invite(line: &&Line) -> bool {
    matches!(line.what, What::Invite { .. })
}

/// What the second call began after.
fn before_second_call(lines: &[Line]) -> Vec<&What> {
    let first = lines.first().map(|line| &line.call_id);
    let before = lines.iter().take_while(|line| Some(&line.call_id) == first);
    before.map(|line| &line.what).collect()
}

fn second_call(lines: &[Line]) -> bool {
    before_second_call(lines).len() < lines.len()
}

#[test]
fn a_customer_who_had_picked_up_when_we_died_is_asked_about_and_not_called() {
    let mut scene = Scene::new(1, Plan::gentle());
    let run = scene.desks[0].live();
    scene.ask(&run);
    scene.wait(|lines| lines.iter().any(|line| line.what == What::Acked));
    // What was to be written when he picked up is written before this is answered.
    rows(&run);
    drop(run);

    let run = scene.desks[0].live();
    let rows = rows(&run);
    let states: Vec<_> = rows
        .iter()
        .map(|row| (&row["kind"], &row["state"]))
        .collect();
    assert_eq!(states, [(&"rep".into(), &"uncertain".into())], "{rows:?}");
}

#[test]
fn a_number_is_not_dialled_again_while_it_may_still_ring() {
    // He is given up after 2 s, and says his first word later.
    let late = Plan {
        rings: false,
        after: Duration::from_secs(4),
        then: Then::Refuses(486),
    };
    let mut scene = Scene::new(1, late);
    let run = scene.desks[0].live();
    scene.ask(&run);
    let lines = scene.wait(second_call);
    let before = before_second_call(&lines);
    assert!(before.contains(&&What::Refused(486)), "{before:?}");
}

#[test]
fn who_is_on_the_line_with_a_rep_is_not_called_by_another() {
    let mut scene = Scene::new(2, Plan::gentle());
    let run = scene.desks[0].live();
    scene.ask(&run);
    scene.wait(|lines| lines.iter().any(|line| line.what == What::Acked));
    scene.wait_until_done(&run);
    scene.ask(&run);
    scene.is_called_after_hanging_up();
}
