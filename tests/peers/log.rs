//! What an agent must not write down: a telephone number, a password, a token (docs/hardening.md row 23).

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::agent::House;

/// A shorter run of digits is no number of a person.
const DIGITS_OF_A_NUMBER: usize = 7;
/// Fields whose numbers may be as long as a telephone number; whatever stands in no field of these is one.
const COUNTED: [&str; 3] = ["ssrc", "timestamp", "rtp"];
/// Heads of what only somebody with a secret can write, and of keys for SRTP.
const PROOFS: [&str; 5] = ["Bearer ", "Digest ", "response=\"", "nonce=", "inline:"];

/// The lines of a log that tell too much, each after what it tells.
pub(crate) fn indiscretions(log: &str, secrets: &[String]) -> Vec<String> {
    let told = |line: &str| {
        let secret = secrets.iter().find(|secret| line.contains(*secret));
        let proof = PROOFS.iter().find(|proof| line.contains(*proof));
        number(line)
            .map(str::to_owned)
            .or_else(|| secret.cloned())
            .or_else(|| proof.map(|it| (*it).to_owned()))
    };
    log.lines()
        .filter_map(|line| Some(format!("{}: {line}", told(line)?)))
        .collect()
}

/// Every password in an agent's settings, and its token.
pub(crate) fn secrets(settings: &str, token: &str) -> Vec<String> {
    let passwords = settings.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let is_password = key.trim().ends_with("password");
        is_password.then(|| value.trim().trim_matches('"').to_owned())
    });
    passwords.chain([token.to_owned()]).collect()
}

/// A run of digits that could be a telephone number. Within a word, as in the id of a call, it is none.
fn number(line: &str) -> Option<&str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let mut numbers = words.filter(|word| {
        word.len() >= DIGITS_OF_A_NUMBER && word.bytes().all(|b| b.is_ascii_digit())
    });
    numbers.find(|number| {
        let at = number.as_ptr() as usize - line.as_ptr() as usize;
        let before = line[..at].trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let field = before
            .rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .next();
        !field.is_some_and(|field| COUNTED.contains(&field))
    })
}

#[test]
fn a_log_that_tells_a_number_or_a_secret_is_found_out() {
    let secrets = secrets("username = \"hotline\"\npassword = \"s3same\"\n", "t0ken");
    for line in [
        "INFO desk: call event from=sip:13800138000@192.0.2.1",
        "DEBUG desk: dial number=+8613800138000",
        "INFO desk: to=\"62345678\" ssrc=1",
        "TRACE sip: 16812345",
        "WARN desk: password=s3same",
        "DEBUG console: authorization: t0ken",
        "TRACE sip: Authorization: Digest username=a",
    ] {
        assert_eq!(indiscretions(line, &secrets).len(), 1, "{line}");
    }
    for line in [
        "2026-11-22T02:06:02.229167Z INFO desk: call=01a20100d1567d2182085f30ba1845ca ssrc=4294967295",
        "INFO desk: what=PhraseStarted { ssrc: 2999999999, timestamp: 1234567890 }",
        "{\"ssrc\":4294967295,\"port\":50600}",
        "INFO desk: from=138****8000",
    ] {
        assert_eq!(indiscretions(line, &secrets), Vec::<String>::new());
    }
}

#[test]
fn an_agent_that_tells_a_number_fails_its_test() {
    let agent = House::fast().seat("rep1", "echo").open();
    let log = agent.path("log-0");
    let mut told = fs::read_to_string(&log).expect("it writes one");
    told.push_str("INFO desk: call event from=13800138000\n");
    fs::write(&log, told).expect("the folder is ours");
    let ended = catch_unwind(AssertUnwindSafe(|| drop(agent)));
    assert!(ended.is_err());
}
