use crate::peers::agent::{House, TOKEN};
use crate::peers::scene::Scene;

use super::wire::http;

/// The status of the answer to a request with the token, its head complete but for what is tested.
fn status(scene: &Scene, line: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = http(scene.agent.api, request.as_bytes());
    answer.get(9..12).unwrap_or("cut").to_owned()
}

#[test]
fn whatever_is_asked_of_the_api_is_refused_and_the_call_goes_on() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let call = format!("/api/v1/calls/{}", scene.call.id);
    let command = |word: &str| format!("POST {call}/{word}");
    let (deep, long) = ("[".repeat(60_000), "9".repeat(60_000));
    let refused = [
        (
            "GET /api/v1/calls/../../etc/passwd".to_owned(),
            String::new(),
            "404",
        ),
        (
            "GET /api/v1/calls/%2e%2e%2f%2e%2e/timeline.jsonl".to_owned(),
            String::new(),
            "404",
        ),
        ("GET /api/v1/seats/%00".to_owned(), String::new(), "404"),
        (
            "PUT /api/v1/seats/rep1".to_owned(),
            r#"{"ready": 1e999}"#.to_owned(),
            "400",
        ),
        (
            "POST /api/v1/calls".to_owned(),
            format!(r#"{{"to": "{long}"}}"#),
            "400",
        ),
        (
            "POST /api/v1/calls".to_owned(),
            r#"{"to": "sip:a@192.0.2.1"}"#.to_owned(),
            "400",
        ),
        (
            "POST /api/v1/callbacks".to_owned(),
            r#"{"number": "110", "reason": "x"}"#.to_owned(),
            "422",
        ),
        (
            "GET /api/v1/events?since=18446744073709551615".to_owned(),
            String::new(),
            "410",
        ),
        ("BREW /api/v1/calls".to_owned(), String::new(), "405"),
        (command("hold"), deep, "400"),
        (command("dtmf"), format!(r#"{{"digits": "{long}"}}"#), "400"),
        (
            command("say"),
            r#"{"phrase": "../../etc/passwd"}"#.to_owned(),
            "422",
        ),
        (
            command("transfer"),
            r#"{"target": "sip:a@192.0.2.1", "mode": "blind", "agreed": true}"#.to_owned(),
            "422",
        ),
        (command("hangup"), r#"{"force": true}"#.to_owned(), "422"),
    ];
    for (line, body, expected) in &refused {
        assert_eq!(status(&scene, line, body), *expected, "{line}");
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"\0\0\0\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
    ] {
        let answer = http(scene.agent.api, garbage);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    scene.caller.hears_more(25);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    scene.hang_up();
}
