//! A code for secrets, once; and our own server, asked by curl.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::admin::{Admin, Did, Pc, Server, did};
use super::{golden, two_groups};

const CODES: &str = r#"[[code]]
code = "Qk3v-bT9x-mm2L"
host = ["sales-*"]
secrets = { pbx-8001 = "sesame" }

[[code]]
code = "Rm8k-oP2w-aa7Z"
host = ["sales-*"]
secrets = { pbx-8001 = "sesame2" }

[[code]]
code = "ZZZZ-bT9x-mm2L"
secrets = { pbx-8003 = "third" }
"#;

fn curl(admin: &Admin, server: &Server, path: &str, words: &[&str]) -> Did {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-w", "%{http_code}", "--cacert"])
        .arg(admin.ca())
        .args(words)
        .arg(format!("{}/{path}", server.url));
    did(curl)
}

#[test]
fn our_server_gives_what_is_signed_and_nothing_else() {
    let admin = two_groups();
    admin.sign();
    admin.write("notes.txt", "sesame");
    let codes = admin.write_aside("codes.toml", CODES);
    let server = admin.serve_codes(&codes);
    let get = |path: &str, words: &[&str]| curl(&admin, &server, path, words).out;
    let index = get("index.toml", &["-i"]);
    assert!(
        index.starts_with("HTTP/1.1 200") && index.ends_with("200"),
        "{index}"
    );
    let etag = index.lines().find_map(|line| line.strip_prefix("etag: "));
    let known = format!("If-None-Match: {}", etag.expect("it has one").trim());
    assert_eq!(get("index.toml", &["-H", &known]), "304");
    assert!(get("policies/ours.toml", &[]).ends_with("200"));
    for other in [
        "notes.txt",
        "nobody.toml",
        "",
        "../codes.toml",
        "..%2fcodes.toml",
        "%2e%2e/codes.toml",
        "policies",
        "%",
    ] {
        assert_eq!(get(other, &["--path-as-is"]), "404", "{other}");
    }
    assert_eq!(get("index.toml", &["-X", "DELETE"]), "405");
    assert_eq!(get("enrol", &["-d", "{}"]), "400");
    let long = format!("{{\"code\":\"{}\"}}", "x".repeat(10_000));
    assert_eq!(get("enrol", &["-d", &long]), "400");
}

/// With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn a_code_is_good_once_and_its_secrets_are_the_settings_passwords() {
    let admin = two_groups();
    let account = "[[sip.account]]\nname = \"pbx\"\nusername = \"8001\"\ndomain = \"127.0.0.1\"\n\
                   password = { enrolled = \"pbx-8001\" }\n";
    admin.write("sales.toml", account);
    admin.sign();
    let codes = admin.write_aside("codes.toml", CODES);
    let server = admin.serve_codes(&codes);
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    let unfit = pc.starts(&[]);
    assert_eq!(unfit.code, Some(2), "{}", unfit.errors);
    assert!(
        unfit.errors.contains("“pbx-8001” was not enrolled for"),
        "{}",
        unfit.errors
    );
    let enrol = |code: &str, language: &str| pc.does(&["enrol", code, "--language", language]);
    for (code, language) in [("Qk3v-bT9x-mm2L", "zh-CN"), ("Rm8k-oP2w-aa7Z", "en")] {
        let first = enrol(code, language);
        assert_eq!(first.code, Some(0), "{}", first.errors);
        let second = enrol(code, language);
        assert_eq!((second.code, second.out.as_str()), (Some(1), ""));
        let state = pc.state().display().to_string();
        let shown = format!("{}{}", first.out, second.errors).replace(&state, "STATE");
        assert!(!shown.contains("sesame"), "{shown}");
        golden("enrol", language, &shown);
    }
    let left = fs::read_to_string(&codes).expect("it is ours");
    assert!(!left.contains("Qk3v") && left.contains("ZZZZ"), "{left}");
    let kept = pc.state().join("provision/secrets.toml");
    let mode = fs::metadata(&kept)
        .expect("it was kept")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(&kept).expect("it is ours"),
        "pbx-8001 = \"sesame2\"\n"
    );
    let started = pc.starts(&[]);
    assert_eq!(started.code, Some(0), "{}", started.errors);
    let shown = pc.does(&["config", "show"]).out;
    assert!(
        shown.contains("enrolled = \"pbx-8001\"") && !shown.contains("sesame"),
        "{shown}"
    );
}

/// With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn codes_are_made_where_there_are_none_and_told_once() {
    let admin = two_groups();
    admin.sign();
    let entry = "\n[[code]]\nhost = [\"sales-9\"]\nsecrets = { pbx-8009 = \"ninth\" }\n";
    let codes = admin.write_aside("codes.toml", &format!("{CODES}{entry}"));
    fs::set_permissions(&codes, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let server = admin.serve_codes(&codes);
    let make = |words: &[&str]| {
        let mut make = super::thirdring();
        make.args(["provision", "codes"]).arg(&codes).args(words);
        did(make)
    };
    let made = make(&["--json"]);
    let told: serde_json::Value = serde_json::from_str(&made.out).expect("JSON");
    let code = told["codes"][0]["code"].as_str().expect("a code");
    assert_eq!(told["codes"][0]["secrets"], serde_json::json!(["pbx-8009"]));
    assert_eq!(told["codes"].as_array().map(Vec::len), Some(1));
    let mode = fs::metadata(&codes).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-9"));
    let enrolled = pc.does(&["enrol", code]);
    assert_eq!(enrolled.code, Some(0), "{}", enrolled.errors);
    for language in ["zh-CN", "en"] {
        let none = make(&["--language", language]).out;
        fs::write(&codes, format!("{CODES}{entry}")).expect("it is ours");
        let made = make(&["--language", language]).out;
        let (code, rest) = made.split_at(19);
        assert!(
            !code.contains(' ') && !make(&[]).out.contains(code),
            "{made}"
        );
        golden("provision_codes", language, &format!("{none}CODE{rest}"));
    }
}

#[test]
fn a_code_is_for_its_own_pc_and_two_who_ask_at_once_do_not_both_get_it() {
    let admin = two_groups();
    admin.sign();
    let codes = admin.write_aside("codes.toml", CODES);
    let server = admin.serve_codes(&codes);
    let pc = Pc::with(&admin.provisioned(&server.url, "service-1"));
    let other = pc.does(&["enrol", "Qk3v-bT9x-mm2L"]);
    assert!(other.errors.contains("for another PC"), "{}", other.errors);
    let asked = "{\"code\":\"ZZZZ-bT9x-mm2L\",\"host\":\"a\",\"user\":\"b\"}";
    let answers: Vec<String> = std::thread::scope(|scope| {
        let ask = || curl(&admin, &server, "enrol", &["-d", asked]).out;
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        asking
            .into_iter()
            .map(|it| it.join().expect("curl ran"))
            .collect()
    });
    let told = answers
        .iter()
        .filter(|it| it.contains("\"pbx-8003\":\"third\""));
    assert_eq!(told.count(), 1, "{answers:?}");
    assert_eq!(
        answers.iter().filter(|it| *it == "404").count(),
        3,
        "{answers:?}"
    );
}
