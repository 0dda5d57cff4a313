use serde_json::json;

use super::*;
use crate::words::{Catalogue, Language};

fn snapshot() -> Snapshot {
    let seat = |id: &str, state: &str| {
        let since = "2026-11-23T08:00:00Z";
        let seat = json!({ "id": id, "kind": "phone", "ready": true, "state": state, "since_utc": since, "call": null });
        serde_json::from_value(seat).unwrap()
    };
    let call = json!({
        "id": "01a1ffc32eaa7a6c8ca41f82261c444d", "sip_call_id": "1@b", "inbound": true, "state": "holding",
        "since_utc": "2026-11-23T08:00:00Z", "waiting_s": 24, "language": "zh-CN", "caller": "13900139000",
        "seat": "rep1", "target": null, "question": null, "line": { "caller": "fine", "rep": "fine" },
        "quality": { "caller": { "rtd_ms": 20, "heard": {
            "moscq": 4.38, "moscq_worst": 4.1, "nlr_percent": 0.25, "iaj_ms": 2 }, "sent": null } },
        "promised": false, "ending": null
    });
    let callback = |id: &str, due: &str, state: &str| {
        let callback = json!({
            "id": id, "kind": "rep", "number": "13800138000", "due_utc": due, "state": state, "attempts": 1,
            "reason": "the bill of May", "origin": null
        });
        serde_json::from_value(callback).unwrap()
    };
    Snapshot {
        at: "2026-11-23T08:01:05Z".parse().unwrap(),
        agent: "http://127.0.0.1:8080".to_owned(),
        health: Ok(HealthView {
            ok: true,
            calls: 1,
            alarms: vec!["disk-full".to_owned()],
        }),
        seats: vec![seat("rep1", "in-call"), seat("rep2", "available")],
        calls: vec![serde_json::from_value(call).unwrap()],
        callbacks: vec![
            callback("2", "2026-11-23T09:31:05Z", "open"),
            callback("1", "2026-11-23T08:00:00Z", "open"),
            callback("3", "2026-11-23T08:00:00Z", "done"),
        ],
    }
}

fn page(language: Language) -> Vec<String> {
    let texts = Catalogue::shipped();
    let mut out = Vec::new();
    let mut teller = Teller {
        texts: &texts,
        language,
        json: false,
        out: &mut out,
    };
    print(&snapshot(), &mut teller).unwrap();
    let page = String::from_utf8(out).unwrap();
    page.lines().map(str::to_owned).collect()
}

#[test]
fn a_page_shows_who_waits_and_what_is_late() {
    let page = page(Language::En);
    let has = |words: &[&str]| {
        let line = page
            .iter()
            .find(|line| words.iter().all(|word| line.contains(word)));
        assert!(line.is_some(), "{words:?} in\n{}", page.join("\n"));
    };
    has(&["Thirdring http://127.0.0.1:8080", "1 calls", "disk-full"]);
    has(&[
        "rep1",
        "1:05",
        "13900139000",
        "▮▮▮▮▮▮▯▯▯▯ 24 s",
        "4.4",
        "0.2 %",
    ]);
    has(&["rep2", "available"]);
    has(&["-1:05", "13800138000", "the bill of May"]);
    has(&["1 h 30"]);
    // What is late stands above what is not, and what is done nowhere.
    let at = |word: &str| page.iter().position(|line| line.contains(word));
    assert!(at("-1:05") < at("1 h 30"));
    assert_eq!(
        page.iter()
            .filter(|line| line.contains("the bill of May"))
            .count(),
        2
    );
}

#[test]
fn wide_letters_do_not_move_the_frames() {
    let page = page(Language::ZhCn);
    assert!(
        page.iter()
            .any(|line| line.contains("正常") || line.contains("1 个通话")),
        "{page:?}"
    );
    let framed = page.iter().filter(|line| line.starts_with('│'));
    let widths: Vec<usize> = framed.map(|line| width(line)).collect();
    assert!(
        widths.len() > 10 && widths.iter().all(|it| *it == usize::from(PRINTED.0)),
        "{widths:?}"
    );
}

#[test]
fn an_agent_that_is_gone_is_told_on_the_page() {
    let texts = Catalogue::shipped();
    let mut out = Vec::new();
    let mut teller = Teller {
        texts: &texts,
        language: Language::En,
        json: false,
        out: &mut out,
    };
    let gone = Snapshot {
        health: Err("nobody answers".to_owned()),
        ..snapshot()
    };
    print(&gone, &mut teller).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("nobody answers"));
}

#[test]
fn q_escape_and_interrupt_end_it() {
    use ratatui::crossterm::event::KeyEvent;
    let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    assert!(is_quit(&key(KeyCode::Char('q'), KeyModifiers::NONE)));
    assert!(is_quit(&key(KeyCode::Esc, KeyModifiers::NONE)));
    assert!(is_quit(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(!is_quit(&key(KeyCode::Char('c'), KeyModifiers::NONE)));
}
