//! Real calls through the relay, judged by the ear.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{ChildStdin, ChildStdout, Stdio};

use serde_json::Value;

use super::{Background, command, faults, free_address, lines, sim};
use crate::peers::scratch::Scratch;

struct Relay {
    _process: Background,
    orders: ChildStdin,
    told: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Relay {
    fn open(to: SocketAddr, seed: &str, more: &[&str]) -> Self {
        let to = to.to_string();
        let words = ["sim", "relay", "127.0.0.1:0", &to, "--json", "--seed", seed];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        let mut process = command(&words);
        let mut process = process
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut relay = Self {
            orders: process.stdin.take().unwrap(),
            told: BufReader::new(process.stdout.take().unwrap()),
            _process: Background(process),
            address: to.parse().unwrap(),
        };
        let opened = relay.line();
        relay.address = opened["listens"].as_str().unwrap().parse().unwrap();
        // What its weather is.
        relay.line();
        relay
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn tell(&mut self, order: &str) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        self.line()
    }
}

/// A machine that greets, and a caller whose sound goes through the relay's address.
fn scenario(rtp: u16, relay: &Relay, gap: &str) -> String {
    format!(
        "title = \"through a relay\"\n\
         [phone.machine]\n\
         [phone.caller]\nrtp = {rtp}\nbehind = \"{}\"\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\nwhat = \"machine\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"invite\"\ndoes = \"answers\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"ack\"\nwait = \"500ms\"\ndoes = \"says\"\nwhat = \"greeting\"\n\
         [[step]]\nwho = \"caller\"\nwait = \"500ms\"\ndoes = \"says\"\nwhat = \"repeat_please\"\n\
         [[step]]\nwho = \"caller\"\nwait = \"6s\"\ndoes = \"hangs-up\"\n\
         [[expect]]\nwho = \"caller\"\nhears = \"greeting\"\n{gap}\n\
         [[expect]]\nwho = \"machine\"\nhears = \"repeat_please\"\n{gap}\n",
        relay.address
    )
}

fn play(scratch: &Scratch, text: String) -> (Option<i32>, Value) {
    let file = scratch.write("relayed.toml", text);
    let output = sim(&[file.to_str().unwrap(), "--json", "--language", "en"]);
    let line = lines(&output).remove(0);
    (output.status.code(), line)
}

#[test]
fn what_goes_through_a_relay_is_heard_until_the_relay_is_told_to_block() {
    let scratch = Scratch::new("sim-relay");
    let rtp = free_address();
    let mut relay = Relay::open(rtp, "7", &[]);
    let (code, heard) = play(&scratch, scenario(rtp.port(), &relay, ""));
    assert_eq!(code, Some(0), "{heard:#?}");
    let weather = relay.tell("there block");
    assert_eq!(
        (&weather["there"], &weather["back"]),
        (&"block".into(), &"clear".into())
    );
    let (code, heard) = play(&scratch, scenario(rtp.port(), &relay, ""));
    assert_eq!(code, Some(1), "{heard:#?}");
    assert_eq!(faults(&heard)[0], "one-way", "{heard:#?}");
    let refused = relay.tell("there rain");
    assert!(refused["refused"].as_str().is_some(), "{refused}");
    let counts = relay.tell("quit");
    let of = |side: &str, what: &str| counts[side][what].as_u64().unwrap();
    assert!(
        of("there", "received") > 400 && of("there", "blocked") > 200,
        "{counts}"
    );
    assert!(
        of("back", "sent") > 200 && of("back", "lost") == 0,
        "{counts}"
    );
}

#[test]
fn losses_in_bursts_are_heard_as_gaps_and_uneven_packets_are_not() {
    let scratch = Scratch::new("sim-weather");
    let rtp = free_address();
    let mut relay = Relay::open(
        rtp,
        "7",
        &[
            "--there",
            "delay 60ms, jitter 40ms, reorder 2%, duplicate 2%",
        ],
    );
    let (code, heard) = play(&scratch, scenario(rtp.port(), &relay, ""));
    assert_eq!(code, Some(0), "{heard:#?}");
    relay.tell("there clear");
    relay.tell("there burst 5");
    relay.tell("there loss 20%");
    let (code, heard) = play(&scratch, scenario(rtp.port(), &relay, ""));
    assert_eq!(code, Some(1), "{heard:#?}");
    assert_eq!(faults(&heard)[0], "gapped", "{heard:#?}");
    let counts = relay.tell("quit");
    assert!(counts["there"]["reordered"].as_u64() > Some(0), "{counts}");
    assert!(counts["there"]["lost"].as_u64() > Some(40), "{counts}");
}

#[test]
fn a_call_comes_about_though_half_of_its_messages_are_lost() {
    let scratch = Scratch::new("sim-signalling");
    let machine = free_address();
    let mut relay = // By this seed each way loses the first of what matters.
        Relay::open(machine, "14", &["--there", "loss 50%", "--back", "loss 50%"]);
    let text = format!(
        "title = \"signalling through a relay\"\ntarget = \"sip:machine@{machine}\"\n\
         [phone.machine]\nat = \"{machine}\"\n\
         [phone.caller]\nthrough = \"{}\"\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"invite\"\ndoes = \"answers\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"ack\"\nwait = \"500ms\"\ndoes = \"hangs-up\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"ended\"\ndoes = \"waits\"\n\
         [[expect]]\nwho = \"caller\"\nstatus = 200\n\
         [[expect]]\nwho = \"machine\"\nended = \"by-them\"\n",
        relay.address
    );
    let (code, line) = play(&scratch, text);
    assert_eq!(code, Some(0), "{line:#?}");
    let counts = relay.tell("quit");
    let lost = |side: &str| counts[side]["lost"].as_u64();
    assert!(
        lost("there") > Some(0) && lost("back") > Some(0),
        "{counts}"
    );
}
