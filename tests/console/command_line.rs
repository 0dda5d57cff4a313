use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;

use thirdring::cli::{Environment, invoke};
use thirdring::console::{Ask, ProblemBody};
use thirdring::words::Command;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::peers::scratch::Scratch;

use super::fake_desk::{CALL, CALLBACK, House, Plan, entry};

/// What a command line did: exit code, standard output, standard error.
type Did = (u8, String, String);

fn words(address: SocketAddr, line: &str) -> Vec<OsString> {
    let api = format!("http://{address}");
    ["thirdring", "--api", &api]
        .into_iter()
        .chain(line.split_whitespace())
        .map(OsString::from)
        .collect()
}

fn rep(locale: &str) -> Environment {
    Environment {
        token: Some("s3cret".into()),
        locale: Some(locale.into()),
        state_home: None,
        config_home: None,
        terminal: false,
    }
}

async fn at(house: &House, locale: &str, line: &str) -> Did {
    run(words(house.address, line), rep(locale)).await
}

async fn run(words: Vec<OsString>, environment: Environment) -> Did {
    let run = move || {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let code = invoke(words, &environment, &mut out, &mut errors);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(errors))
    };
    spawn_blocking(run).await.unwrap()
}

fn golden(text: &str) -> Did {
    (0, text.to_owned(), String::new())
}

#[tokio::test]
async fn calls_stand_in_a_table() {
    let house = House::open(Plan::default()).await;
    let zh = include_str!("../golden/cli/calls.zh-CN.txt");
    let en = include_str!("../golden/cli/calls.en.txt");
    assert_eq!(at(&house, "zh_CN.UTF-8", "calls").await, golden(zh));
    assert_eq!(at(&house, "en_US.UTF-8", "calls").await, golden(en));
    let asked = at(&house, "zh_CN.UTF-8", "calls --language en").await;
    assert_eq!(asked, golden(en), "--language goes before LANG");
}

#[tokio::test]
async fn a_call_is_told_with_its_timeline() {
    let house = House::open(Plan::default()).await;
    let zh = include_str!("../golden/cli/call.zh-CN.txt");
    let en = include_str!("../golden/cli/call.en.txt");
    assert_eq!(at(&house, "zh_CN.UTF-8", "call").await, golden(zh));
    assert_eq!(at(&house, "en_US.UTF-8", "call").await, golden(en));
}

#[tokio::test]
async fn seats_and_callbacks_stand_in_tables() {
    let house = House::open(Plan::default()).await;
    for (line, locale, expected) in [
        (
            "seats",
            "zh_CN",
            include_str!("../golden/cli/seats.zh-CN.txt"),
        ),
        ("seats", "en_US", include_str!("../golden/cli/seats.en.txt")),
        (
            "callbacks",
            "zh_CN",
            include_str!("../golden/cli/callbacks.zh-CN.txt"),
        ),
        (
            "callbacks",
            "en_US",
            include_str!("../golden/cli/callbacks.en.txt"),
        ),
    ] {
        assert_eq!(at(&house, locale, line).await, golden(expected), "{line}");
    }
}

#[tokio::test]
async fn help_is_in_the_readers_language() {
    let house = House::open(Plan::default()).await;
    let zh = include_str!("../golden/cli/transfer_help.zh-CN.txt");
    let en = include_str!("../golden/cli/transfer_help.en.txt");
    assert_eq!(at(&house, "zh_CN", "transfer --help").await, golden(zh));
    assert_eq!(at(&house, "en_GB", "transfer --help").await, golden(en));
}

#[tokio::test]
async fn a_shell_completes_every_verb() {
    let house = House::open(Plan::default()).await;
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, script, _) = at(&house, "en", &format!("completions {shell}")).await;
        assert_eq!(code, 0, "{shell}");
        for verb in ["run", "cannot-hear", "drain"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}

#[tokio::test]
async fn the_manual_has_a_page_of_each_verb_in_the_readers_language() {
    let house = House::open(Plan::default()).await;
    let scratch = Scratch::new("manual");
    let folder = scratch.path("");
    let (code, page, _) = at(&house, "zh_CN", "man").await;
    assert_eq!(code, 0);
    assert!(page.contains(".TH thirdring 1"), "{page}");
    assert!(page.contains("不再接新来电"), "{page}");
    let (code, _, errors) = at(&house, "en", &format!("man --out {}", folder.display())).await;
    assert_eq!((code, errors.as_str()), (0, ""));
    let hold = fs::read_to_string(folder.join("thirdring-hold.1")).unwrap();
    assert!(hold.contains(".TH thirdring-hold 1"), "{hold}");
    let (code, _, errors) = at(&house, "en", "man --out /nowhere").await;
    assert_eq!(code, 2);
    assert!(errors.contains("Make the folder first"), "{errors}");
}

#[tokio::test]
async fn json_is_what_the_api_said() {
    let house = House::open(Plan::default()).await;
    let (code, out, _) = at(&house, "en", "seats --json").await;
    let api = house.ask("GET", "/api/v1/seats", "").await;
    assert_eq!((code, out.trim_end()), (0, api.body()));
    let (code, out, _) = at(&house, "en", "return --json").await;
    assert_eq!((code, out.as_str()), (0, "{}\n"));
}

#[tokio::test]
async fn every_verb_of_a_call_becomes_its_command() {
    let house = House::open(Plan::default()).await;
    for (line, json) in [
        ("answer", r#"{"command":"answer"}"#),
        (
            "hold --reason lookup --agreed",
            r#"{"command":"hold","reason":"lookup","agreed":true}"#,
        ),
        ("return", r#"{"command":"return"}"#),
        (
            "transfer sales --mode announced",
            r#"{"command":"transfer","target":"sales","mode":"announced"}"#,
        ),
        ("join", r#"{"command":"join"}"#),
        ("abandon", r#"{"command":"abandon"}"#),
        (
            "consent hold no",
            r#"{"command":"consent","for":"hold","agreed":false}"#,
        ),
        ("hangup", r#"{"command":"hangup"}"#),
        (
            "hangup --force --reason abuse",
            r#"{"command":"hangup","force":true,"reason":"abuse"}"#,
        ),
        ("mute off", r#"{"command":"mute","on":false}"#),
        (
            "say hold_still",
            r#"{"command":"say","phrase":"hold_still"}"#,
        ),
        ("dtmf 12#", r#"{"command":"dtmf","digits":"12#"}"#),
        (
            "recording pause",
            r#"{"command":"recording","paused":true}"#,
        ),
        ("note 王先生", r#"{"command":"note","text":"王先生"}"#),
        ("language en", r#"{"command":"language","to":"en"}"#),
        ("cannot-hear", r#"{"command":"cannot-hear"}"#),
        ("machine", r#"{"command":"machine"}"#),
        ("still-looking", r#"{"command":"still-looking"}"#),
        (
            "promise --reason price --due 2026-01-31T08:00:00Z",
            r#"{"command":"promise","reason":"price","due":"2026-01-31T08:00:00Z"}"#,
        ),
        ("closing-said", r#"{"command":"closing-said"}"#),
    ] {
        assert_eq!(at(&house, "en", line).await, golden("Done\n"), "{line}");
        let command: Command = serde_json::from_str(json).unwrap();
        let call = CALL.parse().unwrap();
        assert_eq!(house.asked().pop(), Some(Ask::Command { call, command }));
    }
}

#[tokio::test]
async fn other_verbs_ask_the_desk_too() {
    let house = House::open(Plan::default()).await;
    for line in [
        "dial 13800138000",
        "call-back 13800138000 --reason price",
        "seat rep1 away",
        "seat rep1 break lunch",
        "seat rep1 extend",
        "seat rep1 done",
        "seat rep1",
        "timeline",
        "drain --no-wait",
        "drain --cancel",
        "health",
        "calls --sip-call-id a@b",
    ] {
        let (code, out, errors) = at(&house, "en", line).await;
        assert_eq!((code, errors.as_str()), (0, ""), "{line}: {out}");
    }
}

#[tokio::test]
async fn a_refusal_is_exit_1_and_says_what_to_do() {
    let house = House::open(Plan::default()).await;
    let (code, out, errors) = at(&house, "en", "hold").await;
    assert_eq!((code, out.as_str()), (1, ""));
    let expected = "The caller has not agreed yet (consent-required)\n\
                    Ask the caller first; once he agrees, repeat it with “agreed”.\n";
    assert_eq!(errors, expected);
}

#[tokio::test]
async fn a_refusal_can_be_read_by_a_script() {
    let house = House::open(Plan::default()).await;
    let (code, _, errors) = at(&house, "en", "hold --json").await;
    let problem: ProblemBody = serde_json::from_str(&errors).unwrap();
    assert_eq!((code, problem.status), (1, 409));
    assert_eq!(problem.code, "consent-required");
}

#[tokio::test]
async fn a_wrong_token_is_a_refusal() {
    let house = House::open(Plan::default()).await;
    let stranger = Environment {
        token: None,
        ..rep("zh_CN")
    };
    for line in ["calls", "events"] {
        let (code, _, errors) = run(words(house.address, line), stranger.clone()).await;
        assert_eq!(code, 1, "{errors}");
        assert!(errors.contains("令牌缺失或不对 (unauthorised)"), "{errors}");
    }
}

#[tokio::test]
async fn without_an_id_there_must_be_exactly_one_call() {
    for (calls, code, told) in [
        (0, 1, "There is no live call"),
        (2, 2, "There are 2 live calls"),
    ] {
        let house = House::open(Plan {
            calls,
            ..Plan::default()
        })
        .await;
        let (exit, _, errors) = at(&house, "en", "return").await;
        assert_eq!(exit, code);
        assert!(errors.starts_with(told), "{errors}");
        let named = at(&house, "en", &format!("return {CALL}")).await;
        assert_eq!(named, golden("Done\n"));
    }
}

#[tokio::test]
async fn wrong_usage_is_exit_2() {
    let house = House::open(Plan::default()).await;
    for line in [
        "",
        "dance",
        "mute",
        "hangup --force",
        "calls --token-file /nowhere/token",
    ] {
        let (code, out, errors) = at(&house, "en", line).await;
        assert_eq!((code, out.as_str()), (2, ""), "{line}");
        assert!(!errors.is_empty(), "{line}");
    }
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_exit_3_and_how_to_start_it() {
    let house = House::open(Plan::default()).await;
    house.console.stop().await;
    for line in ["calls", "events"] {
        let (code, _, errors) = run(words(house.address, line), rep("en")).await;
        assert_eq!(code, 3, "{errors}");
        assert!(
            errors.contains("thirdring run -c thirdring.toml"),
            "{errors}"
        );
    }
}

/// Hands on each line as it is written.
struct Lines(mpsc::UnboundedSender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.send(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn events_are_told_until_the_agent_stops() {
    let house = House::open(Plan::default()).await;
    (1..=2).for_each(|seq| house.events.push(entry(seq, "holding")));
    let (lines, mut told) = mpsc::unbounded_channel();
    let words = words(house.address, "events --since 1");
    let follow = move || invoke(words, &rep("en"), &mut Lines(lines), &mut Vec::new());
    let follower = spawn_blocking(follow);
    let mut line = String::new();
    while !line.ends_with('\n') {
        line += &told.recv().await.unwrap();
    }
    assert_eq!(
        line,
        format!("2 2026-01-31 08:00:00.000Z state state=holding call={CALL}\n")
    );
    house.console.stop().await;
    assert_eq!(follower.await.unwrap(), 0);
}

#[tokio::test]
async fn a_deletion_is_told_with_what_is_left() {
    let house = House::open(Plan::default()).await;
    let line = "delete 13800138000 --by Lina --reason asked";
    let (code, told, errors) = at(&house, "en_US.UTF-8", line).await;
    let expected = format!(
        "deleted (proof 0190163d8694739ba8a2b8b0f1f3c2ab): 1 calls, 1 timelines, 1 records, \
         1 recordings (32044 bytes), 3 callbacks\ncallbacks to the number that are still there: 2. It is \
         being called, or the database cannot be written: ask again later\n{CALL}  is going on\n"
    );
    assert_eq!((code, told), (1, expected));
    assert!(errors.contains("still kept"), "{errors}");
    let asked = house.asked();
    let [Ask::Delete(asked)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (asked.by.as_str(), asked.reason.as_str()),
        ("Lina", "asked")
    );
}

#[tokio::test]
async fn callbacks_are_exported_until_there_are_no_more() {
    let house = House::open(Plan::default()).await;
    let line = "callbacks export --csv --numbers --by Lina";
    let (code, told, errors) = at(&house, "en_US.UTF-8", line).await;
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(told, format!("{CALLBACK},complaint\n"));
    let asked = house.asked();
    let [Ask::ExportCallbacks(first), Ask::ExportCallbacks(second)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(first.by.as_deref(), Some("Lina"));
    assert_eq!(first.after, None);
    assert_eq!(
        second.after.map(|id| id.to_string()).as_deref(),
        Some(CALLBACK)
    );
}
