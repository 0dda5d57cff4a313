use thirdring::callbacks::Wish;
use thirdring::console::{Ask, Limits, Page, Permission, ROUTES, Route};
use thirdring::words::{Command, Owed, PhoneNumber, Pii};
use tokio::sync::mpsc;

use super::fake_desk::{CALL, CALLBACK, House, Plan, TOKEN};

fn path(route: &Route) -> String {
    let id = if route.path.contains("/seats/") {
        "rep1"
    } else if route.path.contains("/callbacks/") {
        CALLBACK
    } else {
        CALL
    };
    route.path.replace("{id}", id)
}

fn body(page: Page) -> &'static str {
    match page {
        Page::Dial => r#"{"to":"13800138000"}"#,
        Page::NewCallback => r#"{"number":"13800138000","reason":"asked"}"#,
        Page::NewDeletion => r#"{"number":"13800138000","by":"Lina","reason":"asked"}"#,
        Page::SeatChoice => r#"{"ready":true}"#,
        Page::DrainOrder => r#"{"on":true}"#,
        Page::Command("hold") => r#"{"agreed":true,"reason":"lookup"}"#,
        Page::Command("transfer") => r#"{"target":"sales","mode":"announced"}"#,
        Page::Command("move") => r#"{"seat":"rep2"}"#,
        Page::Command("consent") => r#"{"for":"hold","agreed":true}"#,
        Page::Command("mute") => r#"{"on":true}"#,
        Page::Command("say") => r#"{"phrase":"hold_still"}"#,
        Page::Command("dtmf") => r#"{"digits":"12#"}"#,
        Page::Command("note") => r#"{"text":"王先生"}"#,
        Page::Command("language") => r#"{"to":"en"}"#,
        Page::Command("recording") => r#"{"paused":true}"#,
        Page::Command("promise") => r#"{"reason":"price"}"#,
        Page::Wish("cancel") => r#"{"by":"Lina","reason":"asked by him"}"#,
        Page::Wish("snooze") => r#"{"by":"Lina","until":"2026-11-22T02:00:00Z"}"#,
        Page::Wish("assign") => r#"{"by":"Lina","seat":null}"#,
        Page::Wish(_) => r#"{"by":"Lina"}"#,
        Page::Health
        | Page::Metrics
        | Page::Events
        | Page::Callback
        | Page::ExtendWrapUp
        | Page::EndWrapUp
        | Page::Calls
        | Page::Call
        | Page::Timeline
        | Page::SipMessages
        | Page::Command(_)
        | Page::Callbacks
        | Page::ExportCallbacks
        | Page::Seats
        | Page::Seat
        | Page::Registrations
        | Page::Drain => "",
    }
}

fn expected(page: Page) -> u16 {
    match page {
        Page::Dial | Page::NewCallback => 201,
        Page::Command(_) => 204,
        Page::Events => 426,
        // The callback of this desk is cancelled.
        Page::Wish("done") => 409,
        Page::Wish(_) | Page::Callback => 200,
        Page::Health
        | Page::Metrics
        | Page::Calls
        | Page::Call
        | Page::Timeline
        | Page::SipMessages
        | Page::Callbacks
        | Page::ExportCallbacks
        | Page::NewDeletion
        | Page::Seats
        | Page::Seat
        | Page::SeatChoice
        | Page::ExtendWrapUp
        | Page::EndWrapUp
        | Page::Registrations
        | Page::Drain
        | Page::DrainOrder => 200,
    }
}

#[tokio::test]
async fn every_route_opens_to_the_token_and_to_nothing_else() {
    let house = House::open(Plan::default()).await;
    for route in &ROUTES {
        let (method, path, body) = (route.method.as_str(), path(route), body(route.page));
        let told = house.ask(method, &path, body).await;
        assert_eq!(told.status(), expected(route.page), "{path}: {told:?}");
        let open = route.permission == Permission::Anyone;
        for lines in ["", "authorization: Bearer wrong\r\n"] {
            let stranger = house.say(method, &path, lines, body).await;
            let refused = if open { expected(route.page) } else { 401 };
            assert_eq!(stranger.status(), refused, "{path}: {stranger:?}");
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_in_the_table_is_refused() {
    let house = House::open(Plan::default()).await;
    for route in &ROUTES {
        let path = path(route);
        let told = house.ask("DELETE", &path, "").await;
        assert_eq!(told.code().as_deref(), Some("method-refused"), "{path}");
        let allow = told.0.lines().find(|line| line.starts_with("allow: "));
        assert!(allow.is_some_and(|allow| allow.contains(route.method.as_str())));
        assert_eq!(house.say("DELETE", &path, "", "").await.status(), 401);
    }
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_stranger_does_not_learn_what_exists() {
    let house = House::open(Plan::default()).await;
    assert_eq!(house.say("GET", "/nowhere", "", "").await.status(), 401);
    let told = house.ask("GET", "/nowhere", "").await;
    assert_eq!(told.code().as_deref(), Some("no-such-page"));
}

#[tokio::test]
async fn a_command_reaches_the_desk_typed() {
    let house = House::open(Plan::default()).await;
    let hold = format!("/api/v1/calls/{CALL}/hold");
    let body = r#"{"reason":"lookup","agreed":true}"#;
    assert_eq!(house.ask("POST", &hold, body).await.status(), 204);
    house
        .ask("POST", "/api/v1/calls", r#"{"to":"+86 138-0013"}"#)
        .await;
    let expected = [
        Ask::Command {
            call: CALL.parse().unwrap(),
            command: Command::Hold {
                reason: Some("lookup".into()),
                agreed: true,
            },
        },
        Ask::Dial {
            to: Pii::new(PhoneNumber::parse("+861380013").unwrap()),
        },
    ];
    assert_eq!(house.asked(), expected);
}

#[tokio::test]
async fn a_wish_reaches_the_desk_with_who_asks_for_it() {
    let house = House::open(Plan::default()).await;
    let path = |word: &str| format!("/api/v1/callbacks/{CALLBACK}/{word}");
    let wish = async |word, body| house.ask("POST", &path(word), body).await;
    assert_eq!(
        wish("assign", r#"{"by":"Lina","seat":"rep2"}"#)
            .await
            .status(),
        200
    );
    let over = wish("done", r#"{"by":"Lina"}"#).await;
    assert_eq!(over.code().as_deref(), Some("callback-over"));
    for (word, body) in [
        ("redial", "{}"),
        ("redial", r#"{"by":" "}"#),
        ("snooze", r#"{"by":"Lina"}"#),
    ] {
        let refused = wish(word, body).await;
        assert_eq!(
            refused.code().as_deref(),
            Some("bad-request"),
            "{word} {body}"
        );
    }
    let unknown = house.ask("GET", "/api/v1/callbacks/cb1", "").await;
    assert_eq!(unknown.code().as_deref(), Some("unknown-callback"));
    let (id, by) = (CALLBACK.parse().unwrap(), "Lina".to_owned());
    let seat = Some("rep2".parse().unwrap());
    let assigned = Ask::Wish {
        id,
        wish: Wish::Assign(seat),
        by: by.clone(),
    };
    let done = Ask::Wish {
        id,
        wish: Wish::Done,
        by,
    };
    assert_eq!(house.asked(), [assigned, done]);
}

#[tokio::test]
async fn the_clients_key_goes_with_the_promise() {
    let house = House::open(Plan::default()).await;
    let body = r#"{"number":"13800138000","reason":"asked","within_min":5,"kind":"complaint"}"#;
    let lines = format!("authorization: Bearer {TOKEN}\r\nidempotency-key: \"8e03\"\r\n");
    let told = house.say("POST", "/api/v1/callbacks", &lines, body).await;
    assert_eq!(told.status(), 201);
    let asked = house.asked();
    let [Ask::AddCallback(new)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(new.key.as_deref(), Some("8e03"));
    assert_eq!((new.within_min, new.kind), (Some(5), Owed::Complaint));
}

#[tokio::test]
async fn a_sip_call_id_is_looked_up_as_it_was_written() {
    let house = House::open(Plan::default()).await;
    house
        .ask("GET", "/api/v1/calls?sip_call_id=a%40b%26c", "")
        .await;
    let sip_call_id = Some("a@b&c".to_owned());
    assert_eq!(house.asked(), [Ask::ListCalls { sip_call_id }]);
}

#[tokio::test]
async fn a_refusal_is_a_problem_in_the_readers_language() {
    let house = House::open(Plan::default()).await;
    let hold = format!("/api/v1/calls/{CALL}/hold");
    let lines = "authorization: Bearer s3cret\r\naccept-language: fr, zh-CN;q=0.9, en\r\n";
    let told = house.say("POST", &hold, lines, "{}").await;
    assert_eq!(told.status(), 409);
    assert!(
        told.0
            .contains("content-type: application/problem+json\r\n"),
        "{told:?}"
    );
    assert!(told.0.contains("content-language: zh-CN\r\n"), "{told:?}");
    let expected = r#"{"status":409,"code":"consent-required","title":"来电人尚未同意","detail":"请先询问来电人；同意后用“已同意”（agreed）再试。"}"#;
    assert_eq!(told.body(), expected);
}

#[tokio::test]
async fn what_cannot_be_read_never_reaches_the_desk() {
    let house = House::open(Plan::default()).await;
    let hold = format!("/api/v1/calls/{CALL}/hold");
    for body in [
        "{",
        "[]",
        r#"{"agred":true}"#,
        r#"{"agreed":"yes"}"#,
        "\u{0}",
    ] {
        let told = house.ask("POST", &hold, body).await;
        assert_eq!(told.code().as_deref(), Some("bad-request"), "{body}");
    }
    let long = "x".repeat(100_000);
    assert_eq!(house.ask("POST", &hold, &long).await.status(), 413);
    let nobody = house.ask("GET", "/api/v1/calls/no-uuid", "").await;
    assert_eq!(nobody.code().as_deref(), Some("unknown-call"));
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing() {
    let house = House::open(Plan::default()).await;
    let lines = "authorization: Bearer s3cret\r\norigin: https://evil.example\r\n";
    let told = house.say("GET", "/api/v1/calls", lines, "").await;
    assert_eq!(told.code().as_deref(), Some("origin-refused"));
    let rebound = "GET /healthz HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(
        house.send(rebound).await.code().as_deref(),
        Some("host-refused")
    );
    assert_eq!(house.asked(), []);
}

#[tokio::test]
async fn an_answer_is_never_kept_nor_run() {
    let house = House::open(Plan::default()).await;
    let told = house.ask("GET", "/api/v1/calls", "").await;
    for line in ["cache-control: no-store", "nosniff", "default-src 'none'"] {
        assert!(told.0.contains(line), "{line} in {told:?}");
    }
}

#[tokio::test]
async fn a_timeline_is_one_json_line_an_entry() {
    let house = House::open(Plan::default()).await;
    let timeline = format!("/api/v1/calls/{CALL}/timeline.jsonl");
    let told = house.ask("GET", &timeline, "").await;
    let lines: Vec<&str> = told.body().lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].contains(r#""what":{"event":"state","state":"talking"}"#),
        "{lines:?}"
    );
}

#[tokio::test]
async fn metrics_count_what_was_asked() {
    let house = House::open(Plan {
        metrics_open: true,
        ..Plan::default()
    })
    .await;
    house.ask("GET", "/api/v1/seats", "").await;
    let told = house.say("GET", "/metrics", "", "").await;
    let line = r#"thirdring_api_requests_total{route="/api/v1/seats",status="200"} 1"#;
    assert!(told.body().contains(line), "{told:?}");
}

#[tokio::test]
async fn a_desk_that_does_not_answer_is_told_and_not_waited_for() {
    let (requests, mut unread) = mpsc::channel(1);
    let plan = Plan {
        limits: Limits {
            desk: std::time::Duration::from_millis(50),
            ..Limits::default()
        },
        ..Plan::default()
    };
    let house = House::before(requests, &plan).await;
    let silent = house.say("GET", "/healthz", "", "").await;
    assert_eq!(silent.code().as_deref(), Some("desk-busy"));
    let full = house.say("GET", "/healthz", "", "").await;
    assert_eq!(full.code().as_deref(), Some("desk-busy"));
    assert!(unread.try_recv().is_ok());
    assert!(unread.try_recv().is_err(), "the second found no room");
}

#[tokio::test]
async fn a_stopped_console_is_gone() {
    let house = House::open(Plan::default()).await;
    house.console.stop().await;
    let refused = tokio::net::TcpStream::connect(house.address).await;
    assert!(refused.is_err());
}
