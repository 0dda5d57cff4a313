use std::collections::BTreeSet;
use std::ffi::OsString;

use super::layers::Layers;
use super::*;

const SHIPPED: &str = include_str!("../../config/thirdring.toml");
const TEST: &str = include_str!("../../config/test.toml");

fn settings(file: &str, variables: &[(&str, &str)], sets: &[&str]) -> Result<Settings, String> {
    let own = |text: &&str| OsString::from(text);
    let environment = variables
        .iter()
        .map(|(name, value)| (own(name), own(value)));
    let mut layers = Layers::of_file("thirdring.toml", file);
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    layers.add(environment, &sets);
    let settings = Inspection::of_layers(layers).settings_if_right();
    settings.map_err(|why| why.to_string())
}

impl Settings {
    /// The defaults, and what is set beside them as `section.key=value`.
    pub(crate) fn of_sets(sets: &[String]) -> Result<Self, SettingsError> {
        let sources = Sources {
            file: None,
            sets: sets.to_vec(),
            state: None,
        };
        Inspection::of(&sources).settings_if_right()
    }
}

/// `section.key` of every value; lists count as one.
fn keys(table: &toml::Table) -> BTreeSet<String> {
    let named = |(section, value): (&String, &toml::Value)| match value {
        toml::Value::Table(table) => keys(table)
            .iter()
            .map(|key| format!("{section}.{key}"))
            .collect(),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_) => vec![section.clone()],
    };
    table.iter().flat_map(named).collect()
}

#[test]
fn the_shipped_file_says_the_defaults() {
    assert_eq!(settings(SHIPPED, &[], &[]).unwrap(), Settings::default());
}

#[test]
fn the_shipped_file_names_every_key() {
    let defaults = toml::Table::try_from(Settings::default()).unwrap();
    let mut defaults = keys(&defaults);
    for list in ["seat", "target", "sip.account", "sip.peer", "dial.rule"] {
        assert!(defaults.remove(list), "{list}");
    }
    assert_eq!(keys(&toml::from_str(SHIPPED).unwrap()), defaults);
}

/// The commented entries at the end of the shipped file, as they would be read.
fn sample() -> String {
    let (_, lists) = SHIPPED.split_once("# A rep's place").unwrap();
    let is_key = |line: &&str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.starts_with("[[") || (key != *line && !key.contains(' '))
    };
    let shown = lists.lines().filter_map(|line| line.strip_prefix("# "));
    shown.filter(is_key).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_file_shows_every_key_of_a_lists_entry() {
    let sample = sample()
        .replace("kind = \"phone\"", "kind = \"file\"")
        .replacen("srtp = \"off\"\n", "", 1)
        .replace("uri = \"sip:rep@127.0.0.1:5090\"\n", "")
        .replace(
            "username = \"rep1\"\npassword = { env = \"REP1_PASSWORD\" }\n",
            "",
        );
    let settings = settings(&sample, &[], &[]).unwrap();
    let mut written = toml::Table::try_from(&settings.seat[0]).unwrap();
    written.extend(toml::Table::try_from(&settings.target[0]).unwrap());
    written.extend(toml::Table::try_from(&settings.sip.account[0]).unwrap());
    written.extend(toml::Table::try_from(&settings.sip.peer[0]).unwrap());
    written.extend(toml::Table::try_from(&settings.dial.rule[0]).unwrap());
    // Where a password is kept is its value, not a key.
    written.remove("password");
    for key in keys(&written) {
        assert!(SHIPPED.contains(&format!("# {key} = ")), "{key}");
    }
    assert!(SHIPPED.contains("# uri = \"sip:rep") && SHIPPED.contains("# password = {"));
}

#[test]
fn the_test_file_reads_and_is_refused_on_the_network() {
    assert_eq!(settings(TEST, &[], &[]).unwrap().seat.len(), 3);
    let open = "sip.listen=0.0.0.0:5060";
    let refused = settings(TEST, &[], &[open]).unwrap_err();
    assert!(refused.contains("seat `echo` is for tests"), "{refused}");
    assert!(settings(TEST, &[], &[open, "test=true"]).is_ok());
}

#[test]
fn the_environment_beats_the_file_and_set_beats_both() {
    let file = "[sip]\ncalls_max = 1\nfrom_user = \"1\"\nuser_agent = \"one\"\n";
    let variables = [
        ("THIRDRING__SIP__FROM_USER", "4008001234"),
        ("THIRDRING__SIP__USER_AGENT", "two"),
        ("THIRDRING__SIP__TRUSTED", "[\"192.0.2.0/24\"]"),
        ("THIRDRING_TOKEN", "secret"),
    ];
    let sip = settings(file, &variables, &["sip.user_agent=three"])
        .unwrap()
        .sip;
    assert_eq!(sip.calls_max, 1);
    assert_eq!(sip.from_user, "4008001234");
    assert_eq!(sip.user_agent, "three");
    assert_eq!(sip.trusted, ["192.0.2.0/24".parse().unwrap()]);
}

#[test]
fn a_wrong_variable_or_flag_is_shown_by_its_name() {
    let wrong = settings("", &[("THIRDRING__SIP__LISEN", "127.0.0.1:1")], &[]).unwrap_err();
    assert!(wrong.contains("THIRDRING__SIP__LISEN"), "{wrong}");
    assert!(wrong.contains("did you mean `listen`?"), "{wrong}");
    let wrong = settings("", &[], &["sip.calls_max=9999"]).unwrap_err();
    assert!(
        wrong.contains("--set") && wrong.contains("1 to 2000"),
        "{wrong}"
    );
    let wrong = settings("", &[], &["sip.calls_max"]).unwrap_err();
    assert!(wrong.contains("no value"), "{wrong}");
}

#[test]
fn a_session_too_short_is_refused() {
    for (set, key) in [
        ("sip.min_se=60s", "sip.min_se is too short"),
        ("sip.session_expires=1m", "sip.session_expires is too short"),
    ] {
        let wrong = settings("", &[], &[set]).unwrap_err();
        assert!(wrong.contains(key) && wrong.contains("90s"), "{wrong}");
    }
}

#[test]
fn a_token_opens_the_api_to_the_network() {
    let listen = ["api.listen=192.0.2.7:8080"];
    assert!(settings("", &[], &listen).is_err());
    assert!(settings("", &[("THIRDRING_TOKEN", "secret")], &listen).is_ok());
    let file = "[api]\ntoken_file = \"token\"";
    assert!(settings(file, &[], &listen).is_ok());
}

#[test]
fn a_seat_in_a_flag_is_checked_like_one_in_the_file() {
    let file = "[[seat]]\nid = \"rep1\"\nkind = \"echo\"\n";
    let seats = "seat=[{ id = \"rep1\", kind = \"phone\" }]";
    let wrong = settings(file, &[], &[seats]).unwrap_err();
    assert!(wrong.contains("from: --set"), "{wrong}");
}

#[test]
fn a_password_in_the_settings_is_for_tests() {
    let file = "[[sip.account]]\nname = \"a\"\nusername = \"1\"\ndomain = \"pbx\"\npassword = \"sesame\"\n";
    let refused = settings(file, &[], &[]).unwrap_err();
    assert!(refused.contains("thirdring.toml:5") && !refused.contains("sesame"));
    let account = settings(file, &[], &["test=true"]).unwrap().sip.account;
    assert!(account[0].register && account[0].behind.is_none());
}

#[test]
fn a_server_of_promises_has_its_address_elsewhere() {
    let store = |rest: &str| settings(&format!("[store]\n{rest}"), &[], &[]);
    let on_server = store("kind = \"postgres\"\nurl = { env = \"STORE\" }\ndesk = \"a\"").unwrap();
    assert_eq!(on_server.store.kind, StoreKind::Postgres);
    assert_eq!(on_server.store.desk.as_str(), "a");
    for wrong in [
        "kind = \"postgres\"",
        "kind = \"postgres\"\nurl = \"postgresql://rep:sesame@db/promises\"",
        "kind = \"sqlite\"\nurl = { env = \"STORE\" }",
    ] {
        let refused = store(wrong).unwrap_err();
        let line = 2 + usize::from(wrong.contains("sesame"));
        let place = format!("thirdring.toml:{line}");
        assert!(refused.contains(&place), "{refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    assert!(store("kind = \"postgres\"\ndesk = \"\"").is_err());
}

/// A letter, a log, whatever was named by mistake.
#[test]
fn what_is_no_toml_at_all_is_told_by_its_first_faults() {
    let letter = "Dear Sir, we regret = = \"that\n".repeat(20_000);
    let inspection = Inspection::of_layers(Layers::of_file("letter.txt", &letter));
    let told = inspection.findings().count();
    assert!((1..=200).contains(&told), "{told}");
}
