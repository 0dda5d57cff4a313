//! When the agent itself goes.

use super::agent::House;
use super::phone::Phone;
use super::scene::NUMBER;

#[test]
fn an_agent_that_was_opened_for_two_calls_leaves_after_them_and_found_nothing_wrong() {
    let mut agent = House::fast().seat("rep1", "echo").exit_after(2).open();
    for _ in 0..2 {
        let caller = Phone::open(NUMBER);
        caller.call(agent.sip);
        caller.hang_up();
    }
    assert!(agent.has_left(), "the exit code");
}
