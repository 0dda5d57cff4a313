//! The same rounds with two desks an office, whose promises are on a server, and with a server that fails them.

use std::cell::Cell;
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::figures::Figures;
use super::office::Office;
use super::plan::{Plan, Then};
use super::single::Scene;
use super::{READY_WITHIN, SEED, judge, of_environment, work};
use crate::peers::missing::{Need, can_run};
use crate::peers::netns::{Host, Lab};
use crate::promises::server::Server;

/// Kills, of both desks of all offices together; `THIRDRING_ROUNDS` are others.
const ROUNDS: u32 = 100;
const OFFICES: u32 = 5;
const DESKS: u32 = 2;

/// From one fault of the server to the next.
const FAULT_EVERY: Duration = Duration::from_millis(1_500);
/// Each of so many faults is a power cut of the server's, the others end one connection.
const POWER_CUT_EVERY: u32 = 5;

/// Whoever else it serves goes on.
const END_A_CONNECTION: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1";

/// Where the desks of each office keep their promises; `by` leads a desk there.
fn stores(server: &Server, by: impl Fn(&str, u32) -> String) -> Vec<Vec<String>> {
    let of_office = |n| {
        let url = server.database(&format!("office{n}")).url();
        let desks = 1..=DESKS;
        desks
            .map(|desk| store(&by(url.reveal(), desk), desk))
            .collect()
    };
    (1..=OFFICES).map(of_office).collect()
}

fn offices(stores: &[Vec<String>]) -> Vec<Office> {
    let seed = of_environment("THIRDRING_SEED", SEED);
    println!("seed {seed}");
    let offices = (1..).zip(stores);
    offices
        .map(|(n, stores)| Office::open(n, seed, 1, stores))
        .collect()
}

/// Kills of each desk.
fn rounds() -> u32 {
    of_environment("THIRDRING_ROUNDS", ROUNDS).div_ceil(OFFICES * DESKS)
}

/// What befalls the server while the desks are killed.
fn work_on(server: &Server, mut fault: impl FnMut(&Server)) -> Figures {
    let stores = stores(server, |url, _| url.to_owned());
    judge(&work(offices(&stores), rounds(), || {
        thread::park_timeout(FAULT_EVERY);
        fault(server);
    }))
}

#[test]
fn two_desks_on_a_server_lose_nothing_and_call_nobody_twice() {
    let Some(server) = Server::start() else {
        return;
    };
    let figures = work_on(&server, |_| {});
    assert_eq!(figures.by_themselves, 0);
    assert!(figures.ready(95) <= READY_WITHIN, "ready again");
}

#[test]
fn a_server_that_fails_its_desks_loses_nothing_either() {
    let Some(server) = Server::start() else {
        return;
    };
    let (faults, cuts) = (Cell::new(0), Cell::new(0));
    work_on(&server, |server| {
        faults.set(faults.get() + 1);
        if faults.get() % POWER_CUT_EVERY == 0 {
            cuts.set(cuts.get() + 1);
            server.stop();
            server.start_again();
        } else {
            server.say("postgres", END_A_CONNECTION);
        }
    });
    let ended = faults.get() - cuts.get();
    println!(
        "power cuts of the server {}, connections ended {ended}",
        cuts.get()
    );
}

/// Longer than a claim's end and the look of the other desk take, and shorter than a lease.
const A_LONG_TALK: Duration = Duration::from_secs(8);

#[test]
fn who_talks_at_one_desk_is_not_called_by_the_other() {
    let Some(server) = Server::start() else {
        return;
    };
    let url = server.database("talk").url();
    let stays = Plan {
        then: Then::Answers {
            hangs_up_after: Some(A_LONG_TALK),
        },
        ..Plan::gentle()
    };
    let stores = (1..=DESKS).map(|desk| store(url.reveal(), desk));
    let mut scene = Scene::with(1, stays, &stores.collect::<Vec<_>>());
    let one = scene.desks[0].live();
    scene.ask(&one);
    scene.wait_until_done(&one);
    // Its desk has no other rep: the other one would call.
    let other = scene.desks[1].live();
    scene.ask(&other);
    scene.is_called_after_hanging_up();
}

#[test]
fn a_desk_that_was_killed_while_it_was_cut_off_has_its_name_back_at_once() {
    let Some((server, lab, ways)) = ways_to_a_server() else {
        return;
    };
    // The way that was cut stays cut: the server hears nothing of the dead connection.
    let [cut, whole] = ways;
    let url = server.database("name").url();
    let stores = [cut, whole].map(|port| store(&by_way(&server, url.reveal(), port), 1));
    lab.at(Host::Agent, || {
        let mut scene = Scene::with(1, Plan::gentle(), &stores[..1]);
        let run = scene.desks[0].live();
        lab.cut(Host::Peer, cut);
        drop(run);
        scene.desks[0].keep_promises_in(&stores[1]);
        let mut again = scene.desks[0].start(None);
        assert!(again.is_ready(), "{}", scene.desks[0].last_words());
        scene.ask(&again);
        scene.wait_until_done(&again);
    });
}

fn store(url: &str, desk: u32) -> String {
    format!("[store]\nkind = \"postgres\"\nurl = \"{url}\"\ndesk = \"desk{desk}\"\n")
}

/// A server, and as many ways to it as an office has desks, each of which can be cut; nothing where that cannot be.
fn ways_to_a_server() -> Option<(Server, Lab, [u16; DESKS as usize])> {
    if !can_run(&[Need::Namespaces]) {
        return None;
    }
    let (server, lab) = (Server::start()?, Lab::build());
    let socket = server.socket();
    let way = |()| relay(socket.clone());
    let ways = lab.at(Host::Peer, || [(); DESKS as usize].map(way));
    Some((server, lab, ways))
}

/// The same server, by a relay at the peer's.
fn by_way(server: &Server, url: &str, port: u16) -> String {
    let folder = format!("host={}", server.folder().display());
    let place = format!("host={} port={port}", Host::Peer.address());
    url.replace(&folder, &place)
}

/// A lease is over in it (30 s), and the other desk finds the claim dead.
const LONG_CUT: Duration = Duration::from_secs(35);
const SHORT_CUT: Duration = Duration::from_secs(4);
/// TCP's retransmissions find the way again.
const MENDED_FOR: Duration = Duration::from_secs(4);

#[test]
fn a_desk_that_is_cut_off_from_the_server_loses_nothing_and_calls_nobody_twice() {
    let Some((server, lab, ways)) = ways_to_a_server() else {
        return;
    };
    let stores = stores(&server, |url, desk| {
        by_way(&server, url, ways[desk as usize - 1])
    });
    let mut cuts = 0;
    let figures = lab.at(Host::Agent, || {
        let mut offices = offices(&stores);
        offices.iter_mut().for_each(Office::have_the_book);
        judge(&work(offices, rounds() + ROUNDS_IN_THE_LONG_CUT, || {
            lab.cut(Host::Peer, ways[cuts % ways.len()]);
            thread::park_timeout(if cuts == 0 { LONG_CUT } else { SHORT_CUT });
            lab.mend(Host::Peer);
            cuts += 1;
            thread::park_timeout(MENDED_FOR);
        }))
    });
    println!("cuts                {cuts}");
    assert_eq!(figures.by_themselves, 0);
    assert!(figures.answered(95) <= ANSWERED_WITHIN, "promises again");
}

/// Of each desk: what is cut off calls nobody, so that its kills are at no point of a call.
const ROUNDS_IN_THE_LONG_CUT: u32 = 5;

/// A desk that begins waits so long for its server, before it begins without it.
const WAITS_FOR_SERVER: Duration = Duration::from_millis(500);
const ANSWERED_WITHIN: Duration = READY_WITHIN.saturating_add(WAITS_FOR_SERVER);

/// A place in the network for a server that has a socket in a folder only.
fn relay(socket: PathBuf) -> u16 {
    let listener = TcpListener::bind((Host::Peer.address(), 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for desk in listener.incoming().map_while(Result::ok) {
            // A server that is stopped is not there.
            let Ok(server) = UnixStream::connect(&socket) else {
                continue;
            };
            let (mut to, mut from) = (server.try_clone().unwrap(), desk.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                to.shutdown(Shutdown::Both)
            });
            let (mut to, mut from) = (desk, server);
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                to.shutdown(Shutdown::Both)
            });
        }
    });
    port
}
