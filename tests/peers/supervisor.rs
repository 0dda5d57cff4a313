//! What a service manager hears of us (sd_notify(3)).

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::agent::House;
use super::scene::A_WHILE;
use super::scratch::Scratch;

#[test]
fn a_service_manager_hears_that_we_work_that_we_live_and_that_we_leave() {
    let scratch = Scratch::new("supervisor");
    let path = scratch.path("notify");
    let manager = UnixDatagram::bind(&path).expect("the folder is ours");
    manager.set_read_timeout(Some(A_WHILE)).expect("a limit");
    let mut agent = House::fast()
        .seat("rep1", "echo")
        .env("NOTIFY_SOCKET", path.to_string_lossy().into_owned())
        .env(
            "WATCHDOG_USEC",
            Duration::from_millis(400).as_micros().to_string(),
        )
        .open();
    assert_eq!(told(&manager), "READY=1");
    for _ in 0..3 {
        assert_eq!(told(&manager), "WATCHDOG=1");
    }
    agent.terminate();
    while told(&manager) != "STOPPING=1" {}
    assert!(agent.has_left());
}

fn told(manager: &UnixDatagram) -> String {
    let mut told = [0; 256];
    let length = manager.recv(&mut told).expect("the agent's word");
    String::from_utf8_lossy(&told[..length])
        .trim_end()
        .to_owned()
}
