//! An agent runs there: what it has for itself is no fault, and it is asked.

use std::net::UdpSocket;

use thirdring::records::What;

use super::{Patient, Told};
use crate::peers::agent::{Agent, House, STATE, TOKEN};
use crate::peers::registrar::Registrar;
use crate::peers::scene::A_WHILE;

/// The doctor, with the agent's own settings and state.
fn examined(agent: &Agent, only: &str, more: &[&str]) -> Told {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_thirdring"));
    command
        .args(["doctor", "--json", "--only", only, "-c"])
        .arg(agent.path("settings.toml"))
        .arg("--state")
        .arg(agent.path(STATE))
        .args(["--set", "test=true"])
        .args(more)
        .env("LC_ALL", "en_US.UTF-8")
        .env("THIRDRING_TOKEN", TOKEN);
    super::told(command)
}

#[test]
fn an_agent_that_answers_has_its_ports_and_its_store() {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let at = port.expect("a free port").to_string();
    let agent = House::fast().listening(&at).seat("rep1", "echo").open();
    let api = format!("http://{}", agent.api);
    let told = examined(
        &agent,
        "other-agent,agent,store,sip-ports",
        &["--api", &api],
    );
    told.is("ok", "other-agent.answers");
    told.is("ok", "agent.well");
    told.is("skipped", "store.in-use");
    told.is("skipped", "ports.agents");
    assert_eq!(told.code, Some(0));
}

#[test]
fn a_second_agent_on_the_same_folder_is_a_fault_where_it_does_not_answer() {
    let agent = House::fast().seat("rep1", "echo").open();
    let nobody = ["--api", "http://127.0.0.1:9"];
    examined(&agent, "other-agent", &nobody).is("fault", "other-agent.silent");
    let mut agent = agent;
    agent.terminate();
    assert!(agent.has_left());
    examined(&agent, "other-agent", &nobody).is("ok", "other-agent.nobody");
}

#[test]
fn the_alarms_of_the_agent_are_told() {
    let nobody = "sip.stun = \"stun.no-such-name.invalid\"";
    let agent = House::fast().seat("rep1", "echo").set(nobody).open();
    let mut events = agent.events();
    events.wait("an alarm", A_WHILE, |entry| {
        matches!(entry.what, What::Alarm { .. })
    });
    let api = format!("http://{}", agent.api);
    let cause = examined(&agent, "agent", &["--api", &api]).is("warning", "agent.alarms");
    assert!(cause.contains("stun-silent"), "{cause}");
    Patient::with("")
        .examined("agent")
        .is("skipped", "agent.none");
}

#[test]
fn an_agent_that_is_registered_says_so_and_its_registrar_is_not_asked() {
    let registrar = Registrar::open("127.0.0.1:0");
    let agent = House::fast()
        .seat("rep1", "echo")
        .account(&registrar.account())
        .open();
    let request = registrar.asked(A_WHILE);
    registrar.grant(&request, 3_600);
    agent.events().registered(A_WHILE);
    let api = format!("http://{}", agent.api);
    let told = examined(&agent, "registration", &["--api", &api]);
    told.is("ok", "registration.agent-is");
}
