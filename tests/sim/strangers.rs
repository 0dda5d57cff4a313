//! An answering machine that is not ours, heard and judged by `thirdring sim`.

use super::{lines, pages, sim};
use crate::peers::missing::{Need, can_run};
use crate::peers::scratch::Scratch;

/// Whether each expectation was met, and the exit code.
fn judged(file: &str) -> (Vec<bool>, Option<i32>, String) {
    let output = sim(&[file, "--json", "--language", "en"]);
    let line = lines(&output).remove(0);
    let expectations = line["expectations"].as_array().unwrap().iter();
    let met = expectations.map(|it| it["met"].as_bool().unwrap());
    (met.collect(), output.status.code(), format!("{line:#}"))
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
