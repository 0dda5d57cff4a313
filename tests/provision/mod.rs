//! Settings of many PCs in one place: Python's web server gives them, and ours is asked by curl.

mod admin;
mod agent;
mod enrolling;
mod page;
mod refused;

use std::fs;
use std::process::Command;

use admin::{Admin, Did, Kept, Pc, did, thirdring};

/// Two groups and one seat of its own.
const INDEX: &str = r#"# Who gets what.
locked = ["policy.*", "sip.from_user"]

[group.sales]
host = ["sales-*"]

[group.service]
host = ["service-*"]

[[part]]
settings = "common.toml"
files = ["policies/*"]

[[part]]
group = ["sales"]
settings = "sales.toml"

[[part]]
group = ["service"]
settings = "service.toml"

[[part]]
host = ["sales-7"]
settings = "seats/sales-7.toml"
"#;

fn two_groups() -> Admin {
    let admin = Admin::new(INDEX);
    admin.write(
        "common.toml",
        "policy = \"policies/ours.toml\"\ncountry = \"uk\"\nsip.from_user = \"4001\"\n",
    );
    admin.write("policies/ours.toml", "name = \"ours\"\n");
    admin.write(
        "sales.toml",
        "language = \"en\"\nsip.user_agent = \"sales\"\n",
    );
    admin.write("service.toml", "sip.user_agent = \"service\"\n");
    admin.write("seats/sales-7.toml", "sip.calls_max = 7\n");
    admin
}

/// A start that takes what is there, and leaves.
fn starts(pc: &Pc) -> Did {
    pc.starts(&[])
}

#[test]
fn each_pc_gets_what_is_all_pcs_its_groups_and_its_own() {
    let admin = two_groups();
    admin.sign();
    let server = admin.serve();
    let shown = |host: &str| {
        let own = "country = \"us\"\n".to_owned() + &admin.provisioned(&server.url, host);
        let pc = Pc::with(&own);
        let started = starts(&pc);
        assert_eq!(started.code, Some(0), "{}", started.errors);
        let shown = pc.does(&["config", "show", "--origin"]);
        assert_eq!(shown.code, Some(0), "{}", shown.errors);
        shown.out.replace(&server.url, "URL")
    };
    let seven = shown("sales-7");
    for line in [
        "language = \"en\"  # URL/sales.toml:1",
        "sip.user_agent = \"sales\"  # URL/sales.toml:2",
        "sip.calls_max = 7  # URL/seats/sales-7.toml:1",
        "sip.from_user = \"4001\"  # URL/common.toml:3",
    ] {
        assert!(seven.contains(line), "{line}\n{seven}");
    }
    // What the PC says itself goes before.
    assert!(seven.contains("country = \"us\"  # /"), "{seven}");
    let policy = seven.lines().find(|line| line.starts_with("policy = "));
    let policy = policy.expect("it is told");
    assert!(
        policy.contains("/provision/1-") && policy.contains("URL/common.toml:1"),
        "{policy}"
    );
    let other = shown("service-1");
    assert!(other.contains("sip.user_agent = \"service\"  # URL/service.toml:1"));
    assert!(other.contains("language = \"zh-CN\"  # default"));
    assert!(other.contains("sip.calls_max = 64  # default"));
}

#[test]
fn a_locked_key_is_the_admins_and_who_wrote_it_is_told() {
    let admin = two_groups();
    admin.sign();
    let server = admin.serve();
    let own = "sip.from_user = \"8001\"\n".to_owned() + &admin.provisioned(&server.url, "pc");
    let pc = Pc::with(&own);
    let policy = "--set=policy=standard";
    let started = pc.starts(&[policy]);
    assert_eq!(started.code, Some(0), "{}", started.errors);
    assert!(
        started
            .errors
            .contains("thirdring.toml:3: sip.from_user is locked")
    );
    assert!(
        started.errors.contains("--set: policy is locked"),
        "{}",
        started.errors
    );
    let checked = pc.does(&["config", "check", policy]);
    assert_eq!(checked.code, Some(0), "{}", checked.out);
    let told = checked.out.replace(&server.url, "URL");
    let locked = "warning: sip.from_user is locked by the admin (locked = \"sip.from_user\" in \
                  URL/index.toml, serial 1): what is written here does not count";
    assert!(told.contains(locked), "{told}");
    assert!(
        told.contains("thirdring.toml:3:5") && told.contains("from: --set"),
        "{told}"
    );
    let shown = pc.does(&["config", "show", "--origin", policy]).out;
    let shown = shown.replace(&server.url, "URL");
    assert!(
        shown.contains("sip.from_user = \"4001\"  # URL/common.toml:3"),
        "{shown}"
    );
    assert!(shown.contains("URL/common.toml:1"), "{shown}");
}

/// With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn what_this_pc_would_get_is_shown_in_both_languages() {
    let admin = two_groups();
    admin.sign();
    let server = admin.serve();
    let pc = Pc::with(&admin.provisioned(&server.url, "sales-7"));
    let before = pc.does(&["provision", "show"]);
    assert!(
        before.out.contains("last good copy  none"),
        "{}",
        before.out
    );
    assert_eq!(starts(&pc).code, Some(0));
    admin.sign();
    for language in ["zh-CN", "en"] {
        let shown = pc.does(&["provision", "show", "--language", language]);
        assert_eq!(shown.code, Some(0), "{}", shown.errors);
        golden(
            "provision_show",
            language,
            &shown.out.replace(&server.url, "URL"),
        );
    }
}

/// As it stands in tests/golden/cli; moments are `TIME`.
fn golden(name: &str, language: &str, shown: &str) {
    let line = |line: &str| {
        let words = line.rsplit_once(' ');
        match words.filter(|(_, last)| last.ends_with('Z') && last.contains('T')) {
            Some((rest, _)) => format!("{rest} TIME\n"),
            None => format!("{line}\n"),
        }
    };
    let shown: String = shown.lines().map(line).collect();
    let golden = format!("tests/golden/cli/{name}.{language}.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &shown).expect("the folder is ours");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(shown, expected, "{golden}");
}

#[test]
fn an_index_that_makes_a_pc_unfit_is_not_signed() {
    let admin = two_groups();
    admin.sign();
    let before = admin.kept();
    admin.write(
        "seats/sales-7.toml",
        "sip.session_expires = \"10s\"\nlisen = 1\n",
    );
    let Did { code, out, errors } = admin.try_to_sign();
    assert_eq!(code, Some(1), "{out}{errors}");
    assert!(out.contains("The settings of PC “sales-7”"), "{out}");
    assert!(
        out.contains("conf/seats/sales-7.toml:2:1") && out.contains("unknown key `lisen`"),
        "{out}"
    );
    assert!(out.contains("sip.session_expires is too short"), "{out}");
    assert!(!out.contains("PC “service"), "{out}");
    let index = |kept: &Kept| {
        let index = kept.iter().find(|(path, _)| path.ends_with("index.toml"));
        index.expect("it is there").1.clone()
    };
    assert_eq!(index(&admin.kept()), index(&before));
    admin.write(
        "seats/sales-7.toml",
        "provision.every = \"1m\"\npolicy = \"nobody.toml\"\n",
    );
    let told = admin.try_to_sign();
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(told.out.contains("nobody.toml"), "{}", told.out);
    fs::remove_file(admin.path("sales.toml")).expect("we wrote it");
    let told = admin.try_to_sign();
    assert!(
        told.errors
            .contains("sales.toml, which is not in the folder"),
        "{}",
        told.errors
    );
}

#[test]
fn what_is_wrong_with_an_index_is_drawn_where_it_was_written() {
    let admin = Admin::new("locked = [\"policy\"]\n[[part]]\nsetings = \"common.toml\"\n");
    let told = admin.try_to_sign();
    assert_ne!(told.code, Some(0));
    for words in ["conf/index.toml:3:1", "setings", "settings"] {
        assert!(told.errors.contains(words), "{words}\n{}", told.errors);
    }
    admin.write("index.toml", format!("serial = {}\n", i64::MAX));
    let told = admin.try_to_sign();
    let why = "the serial of index.toml is too large to be counted up";
    assert!(told.errors.contains(why), "{}", told.errors);
}

/// A web server is often another user.
#[test]
fn who_could_read_the_index_can_read_it_when_it_is_signed() {
    use std::os::unix::fs::PermissionsExt;
    let admin = two_groups();
    for mode in [0o644, 0o600] {
        let index = admin.path("index.toml");
        fs::set_permissions(&index, fs::Permissions::from_mode(mode)).expect("it is ours");
        admin.sign();
        let signed = fs::metadata(index).expect("it was signed").permissions();
        assert_eq!(signed.mode() & 0o777, mode);
    }
    admin.write("usual.txt", "");
    let [usual, signature] = ["usual.txt", "index.toml.sig"].map(|name| {
        let file = fs::metadata(admin.path(name)).expect("it is there");
        file.permissions().mode()
    });
    assert_eq!(signature, usual);
}

/// OpenSSL finds our signature right, too.
#[test]
fn others_can_check_the_signature() {
    let admin = two_groups();
    admin.sign();
    let script = r#"set -e
printf '%s' "$1" | base64 -d > "$2.raw"
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat "$2.raw"; } > "$2.der"
base64 -d "$2/index.toml.sig" > "$2.sig"
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$2.der" -in "$2/index.toml" -sigfile "$2.sig""#;
    let mut openssl = Command::new("sh");
    openssl
        .args(["-c", script, "sh", &admin.key])
        .arg(admin.folder());
    let told = did(openssl);
    assert!(
        told.out.contains("Successfully"),
        "{}{}",
        told.out,
        told.errors
    );
}

#[test]
fn a_key_that_is_there_is_not_written_over() {
    let admin = two_groups();
    let file = admin.write_aside("there.key", "sesame");
    let mut keys = thirdring();
    keys.args(["provision", "keys"]).arg(&file);
    assert_eq!(did(keys).code, Some(2));
    assert_eq!(fs::read_to_string(file).expect("it is there"), "sesame");
}
