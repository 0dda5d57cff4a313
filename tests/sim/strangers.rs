//! Answering machines that are not ours: baresip, pjproject and SIPp, heard and judged by `thirdring sim`.

use std::thread;

use super::{lines, pages, sim};
use crate::peers::missing::{Need, can_run};
use crate::peers::phone::SOON;
use crate::peers::phones::{Maker, speaker};
use crate::peers::program::Softphone;
use crate::peers::scene::A_WHILE;
use crate::peers::scratch::Scratch;

/// Whether each expectation was met, and the exit code.
fn judged(file: &str) -> (Vec<bool>, Option<i32>, String) {
    let output = sim(&[file, "--json", "--language", "en"]);
    let line = lines(&output).remove(0);
    let expectations = line["expectations"].as_array().unwrap().iter();
    let met = expectations.map(|it| it["met"].as_bool().unwrap());
    (met.collect(), output.status.code(), format!("{line:#}"))
}

/// It answers, and speaks once a key was pressed; the last expectation is of words that nobody said.
fn is_heard_and_judged(maker: Maker) {
    let scratch = Scratch::new("sim-stranger");
    let mut machine = speaker(maker, &scratch);
    let scenario = format!(
        "title = \"a machine that is not ours\"\ntarget = \"sip:anybody@{}\"\nlanguage = \"en\"\n\
         [phone.caller]\n\
         [sound]\nwords = \"words.wav\"\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"ack\"\nwait = \"1s\"\ndoes = \"presses\"\nwhat = \"5\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"words\"\ndoes = \"hangs-up\"\n\
         [[expect]]\nwho = \"caller\"\nstatus = 200\n\
         [[expect]]\nwho = \"caller\"\nhears = \"words\"\nat = \"1s\"\nfrom = \"ack\"\nwithin = \"1s\"\n\
         [[expect]]\nwho = \"caller\"\ncodec = \"pcma\"\n\
         [[expect]]\nwho = \"caller\"\nheader = \"Contact\"\nlike = \"*sip:*{}*\"\n\
         [[expect]]\nwho = \"caller\"\nended = \"by-us\"\n\
         [[expect]]\nwho = \"caller\"\nhears = \"greeting\"\n",
        machine.address,
        machine.address.port(),
    );
    let file = scratch.write("stranger.toml", scenario);
    let play = thread::spawn(move || judged(file.to_str().unwrap()));
    machine.wait("incoming", SOON);
    machine.tell("answer");
    machine.wait("established", SOON);
    assert_eq!(machine.wait("key", SOON)["key"], "5");
    machine.tell("speak");
    machine.wait("said", A_WHILE);
    machine.tell("quiet");
    machine.wait("closed", A_WHILE);
    let (met, code, told) = play.join().unwrap();
    assert_eq!(met, [true, true, true, true, true, false], "{told}");
    assert_eq!(code, Some(1));
}

#[test]
fn what_baresip_says_is_heard_and_judged() {
    if can_run(&[Need::Baresip]) {
        is_heard_and_judged(Softphone::baresip);
    }
}

#[test]
fn what_pjproject_says_is_heard_and_judged() {
    if can_run(&[Need::Pjsip]) {
        is_heard_and_judged(Softphone::pjsip);
    }
}

/// SIPp sends back what is said to it.
#[test]
fn what_sipp_sends_back_is_heard_and_judged() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    // Its INVITE is repeated until SIPp listens.
    let (_sipp, echo) = pages::echo();
    let scratch = Scratch::new("sim-echo");
    let scenario = format!(
        "title = \"an echo\"\ntarget = \"sip:echo@{echo}\"\n\
         [phone.caller]\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"ack\"\nwait = \"500ms\"\ndoes = \"says\"\nwhat = \"voice\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"voice\"\ndoes = \"hangs-up\"\n\
         [[expect]]\nwho = \"caller\"\nhears = \"voice\"\nat = \"500ms\"\nfrom = \"ack\"\n\
         [[expect]]\nwho = \"caller\"\nhears_in_order = [\"voice\"]\n\
         [[expect]]\nwho = \"caller\"\nsilence = \"300ms\"\nat = \"100ms\"\nfrom = \"ack\"\n\
         [[expect]]\nwho = \"caller\"\nsilence = \"300ms\"\nat = \"1s\"\nfrom = \"ack\"\n",
    );
    let file = scratch.write("echo.toml", scenario);
    let (met, code, told) = judged(file.to_str().unwrap());
    assert_eq!(met, [true, true, true, false], "{told}");
    assert_eq!(code, Some(1));
}
