use crate::peers::agent::House;
use crate::peers::phone::SOON;
use crate::peers::scene::{A_WHILE, Scene};

#[test]
fn a_stopping_agent_says_farewell_and_remembers_whom_to_phone_back() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    scene.agent.terminate();
    scene.phrase("system_fault");
    // Impatience does not put the end off, or take the farewell away.
    scene.agent.terminate();
    scene.caller.requested("BYE", A_WHILE);
    let ending = scene.events.ended(&scene.id, SOON);
    assert_eq!(ending.by.as_str(), "agent", "{ending:?}");
    scene.heard_in_order(&["greeting", "system_fault", "closing_short"]);
    assert!(scene.agent.has_left());
    let callbacks = scene.agent.restart().callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
}
