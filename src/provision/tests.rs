use super::*;
use crate::words::Glob;

const INDEX_TEXT: &str = r#"
serial = 7
locked = ["policy.*", "recording.enabled", "sip.tls"]

[group.sales]
host = ["sales-*"]
user = ["li.*"]

[[part]]
host = ["pc-17"]
settings = "seats/pc-17.toml"

[[part]]
group = ["sales"]
settings = "sales.toml"
files = ["policies/sales*"]

[[part]]
settings = "common.toml"
files = ["prompts/*"]

[sha256]
"common.toml" = "{hash}"
"sales.toml" = "{hash}"
"seats/pc-17.toml" = "{hash}"
"policies/sales_policy.toml" = "{hash}"
"prompts/zh-CN/greeting.flac" = "{hash}"
"#;

fn text(serial: u64) -> String {
    let hash = Digest::of(b"").to_string();
    let text = INDEX_TEXT.replace("{hash}", &hash);
    text.replace("serial = 7", &format!("serial = {serial}"))
}

fn index() -> Index {
    Index::read(text(7).as_bytes()).unwrap()
}

fn pc(host: &str, user: &str) -> Pc {
    let (host, user) = (host.to_owned(), user.to_owned());
    Pc { host, user }
}

fn layers(host: &str, user: &str) -> Vec<String> {
    let share = index().share_of(&pc(host, user)).unwrap();
    let layers = share.layers.iter();
    layers.map(|layer| layer.path().to_string()).collect()
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn offer(text: &str) -> Offer {
    Offer {
        index: text.as_bytes().to_vec(),
        signature: key().sign(text.as_bytes()).to_string().into_bytes(),
    }
}

fn held(text: &str, serial: u64) -> Held {
    Held {
        serial,
        digest: Digest::of(text.as_bytes()),
        is_whole: true,
    }
}

#[test]
fn a_seat_is_laid_over_its_group_and_that_over_what_all_get() {
    assert_eq!(layers("pc-3", "wang"), ["common.toml"]);
    assert_eq!(layers("SALES-2", "wang"), ["common.toml", "sales.toml"]);
    assert_eq!(
        layers("pc-17", "li.na"),
        ["common.toml", "sales.toml", "seats/pc-17.toml"]
    );
}

#[test]
fn a_pc_gets_the_files_of_its_parts_and_no_others() {
    let share = index().share_of(&pc("pc-3", "wang")).unwrap();
    let files: Vec<&str> = share.files.keys().map(FilePath::as_str).collect();
    assert_eq!(files, ["common.toml", "prompts/zh-CN/greeting.flac"]);
    assert!(share.has("prompts") && share.has("prompts/") && share.has("prompts/zh-CN"));
    assert!(!share.has("prom") && !share.has("policies/sales_policy.toml"));
}

#[test]
fn an_admin_looks_at_a_pc_of_each_kind() {
    let samples = index().samples();
    assert!(samples.are_all);
    let told: Vec<(&str, &str)> = samples
        .pcs
        .iter()
        .map(|it| (&*it.host, &*it.user))
        .collect();
    assert_eq!(
        told,
        [("", ""), ("pc-17", ""), ("sales-x", ""), ("pc-17", "li.x")]
    );
}

/// Put together they would be 40,401 kinds of PCs.
#[test]
fn an_admin_of_hundreds_looks_at_each_part_and_is_told_that_these_are_not_all() {
    let part = |n: usize, of: &str| format!("[[part]]\n{of} = [\"{of}-{n}\"]\n");
    let parts = (0..200).flat_map(|n| [part(n, "host"), part(n, "user")]);
    let text: String = parts.collect();
    let samples = Index::read(text.as_bytes()).unwrap().samples();
    assert!(!samples.are_all);
    assert!((401..=2_000).contains(&samples.pcs.len()));
    let is_there = |host: String, user: &str| samples.pcs.contains(&pc(&host, user));
    assert!((0..200).all(|n| is_there(format!("host-{n}"), "")));
    assert!((0..200).all(|n| is_there(String::new(), &format!("user-{n}"))));
}

#[test]
fn only_what_is_signed_and_newer_is_taken() {
    let public = key().public();
    let (seven, eight) = (text(7), text(8));
    let at_seven = held(&seven, 7);
    assert_eq!(
        judge(&offer(&seven), None, &public),
        Ok(Judged::Newer(index()))
    );
    assert_eq!(
        judge(&offer(&seven), Some(&at_seven), &public),
        Ok(Judged::Same)
    );
    assert!(matches!(
        judge(&offer(&eight), Some(&at_seven), &public),
        Ok(Judged::Newer(newer)) if newer.serial == 8
    ));
    // Back, and sideways.
    let older = |offered, held| Err(Refusal::Older { offered, held });
    let at_eight = held(&eight, 8);
    assert_eq!(judge(&offer(&seven), Some(&at_eight), &public), older(7, 8));
    let other = format!("{seven}# another\n");
    assert_eq!(judge(&offer(&other), Some(&at_seven), &public), older(7, 7));
}

#[test]
fn a_copy_with_a_spoilt_file_is_taken_anew() {
    let seven = text(7);
    let spoilt = Held {
        is_whole: false,
        ..held(&seven, 7)
    };
    let judged = judge(&offer(&seven), Some(&spoilt), &key().public());
    assert_eq!(judged, Ok(Judged::Newer(index())));
}

#[test]
fn nothing_is_read_before_its_signature_is_right() {
    let public = key().public();
    let strangers = SigningKey::from_seed(&[8; 32]);
    for (index, signature) in [
        ("serial = 9", strangers.sign(b"serial = 9").to_string()),
        ("serial = 9", key().sign(b"serial = 8").to_string()),
        ("<html>", "<html>".to_owned()),
        ("no TOML [", String::new()),
    ] {
        let offer = Offer {
            index: index.into(),
            signature: signature.into(),
        };
        assert_eq!(judge(&offer, None, &public), Err(Refusal::WrongSignature));
    }
    let signed_rubbish = judge(&offer("no TOML ["), None, &public).unwrap_err();
    assert_eq!(signed_rubbish.as_str(), "no-index");
    let nobodys_group = "[[part]]\ngroup = [\"sale\"]\n";
    let told = judge(&offer(nobodys_group), None, &public).unwrap_err();
    assert_eq!(told.as_str(), "no-index");
    let Refusal::NoIndex { line, why } = Index::read(b"serial = 1\nlocked = 7\n").unwrap_err()
    else {
        panic!("a number is no list");
    };
    assert_eq!((line, why.key()), (Some(2), "provision.index.unread"));
}

#[test]
fn a_lock_holds_a_key_its_section_and_the_file_that_it_is_in() {
    let index = index();
    let locks = Locks::new(&index.locked);
    for (key, lock) in [
        ("policy", Some("policy.*")),
        ("recording.enabled", Some("recording.enabled")),
        ("sip.tls.ca", Some("sip.tls")),
        ("recording.folder", None),
        ("policies", None),
        ("sip.tlsa", None),
    ] {
        assert_eq!(locks.lock_of(key), lock, "{key}");
    }
    let all: Glob = "*".parse().unwrap();
    assert!(Locks::new(&[all]).lock_of("language").is_some());
}

#[test]
fn a_path_leads_nowhere_else() {
    for right in ["common.toml", "prompts/zh-CN/greeting.flac", "组/销售.toml"] {
        assert_eq!(right.parse::<FilePath>().unwrap().as_str(), right);
    }
    let long = "a".repeat(200);
    for wrong in [
        "",
        "/etc/passwd",
        "../secret",
        "a/../b",
        "a//b",
        "a/",
        "C:/a",
        "a\\b",
        ".hidden",
        "a/.ssh",
        "a b",
        "a.",
        "a?b",
        &long,
    ] {
        assert!(wrong.parse::<FilePath>().is_err(), "{wrong}");
    }
    let path: FilePath = "组/a.toml".parse().unwrap();
    assert_eq!(path.in_url(), "%E7%BB%84/a.toml");
}

#[test]
fn a_hash_is_64_digits_and_nothing_else() {
    let hash = Digest::of(b"index");
    assert_eq!(hash.to_string().to_uppercase().parse::<Digest>(), Ok(hash));
    assert_eq!(Digest::of_reader(&mut &b"index"[..]).unwrap(), hash);
    let digits = "0".repeat(62);
    for wrong in ["+f", "-f", " f", "0", "000", "gg", "é"] {
        assert!(
            format!("{digits}{wrong}").parse::<Digest>().is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn a_key_is_read_again_as_it_was_written() {
    let key = key();
    let again: SigningKey = key.text().reveal().parse().unwrap();
    assert_eq!(again.public(), key.public());
    let public: PublicKey = key.public().to_string().parse().unwrap();
    let signature = again.sign(b"index").to_string();
    assert_eq!(public.verify(b"index", signature.as_bytes()), Ok(()));
    assert!("sesame".parse::<SigningKey>().is_err() && "sesame".parse::<PublicKey>().is_err());
}

/// RFC 8032 7.1, test 1.
#[test]
fn it_signs_as_the_standard_does() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let bytes = |text: &str| -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        let digits = digits.map(|pair| std::str::from_utf8(pair).unwrap());
        digits
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    };
    let key = SigningKey::from_seed(&bytes(seed).try_into().unwrap());
    let public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    assert_eq!(key.public().to_string(), public);
    let signature = "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVf\
                     uIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";
    assert_eq!(key.sign(b"").to_string(), signature);
}

#[test]
fn two_hundred_pcs_do_not_come_at_once() {
    use std::time::Duration;
    let every = Duration::from_secs(900);
    let mut per_minute = [0; 15];
    for n in 0..200 {
        let after = first_after(&pc(&format!("pc-{n}"), "rep"), every);
        assert!(after < every);
        per_minute[usize::try_from(after.as_secs() / 60).unwrap()] += 1;
    }
    assert!(
        per_minute.iter().all(|pcs| (3..=30).contains(pcs)),
        "{per_minute:?}"
    );
    assert_eq!(
        first_after(&pc("PC-1", "rep"), every),
        first_after(&pc("pc-1", "rep"), every)
    );
}

const CODES: &str = r#"# for the new ones
[[code]]
code = "Qk3v-bT9x-mm2L"
host = ["pc-1?"]
secrets = { pbx-8001 = "sesame", pbx-8002 = "open" }

# spare
[[code]]
code = "ZZZZ-bT9x-mm2L"
secrets = { pbx-8003 = "third" }
"#;

fn asked(code: &str, host: &str) -> Enrolment {
    Enrolment {
        code: crate::words::Pii::new(code.to_owned()),
        host: host.to_owned(),
        user: "rep".to_owned(),
    }
}

#[test]
fn a_code_is_good_once_and_only_where_it_is_for() {
    let codes = || Codes::read(CODES).unwrap();
    let refused = |code, host| codes().redeem(&asked(code, host)).unwrap_err();
    assert_eq!(refused("Qk3v-bT9x-mm2M", "pc-17"), NoSecrets::NoCode);
    assert_eq!(refused("Qk3v", "pc-17"), NoSecrets::NoCode);
    assert_eq!(refused("", "pc-17"), NoSecrets::NoCode);
    assert_eq!(refused("Qk3v-bT9x-mm2L", "pc-2"), NoSecrets::AnotherPc);
    let redeemed = codes().redeem(&asked("Qk3v-bT9x-mm2L", "PC-17")).unwrap();
    let secrets = redeemed.enrolled.secrets;
    assert_eq!(secrets["pbx-8001"].reveal(), "sesame");
    assert!(!format!("{secrets:?}").contains("sesame"));
    let rest = redeemed.rest;
    assert!(!rest.contains("Qk3v") && !rest.contains("sesame"));
    assert!(rest.contains("# spare\n[[code]]\ncode = \"ZZZZ"), "{rest}");
    let again = Codes::read(&rest).unwrap();
    assert_eq!(
        again.redeem(&asked("Qk3v-bT9x-mm2L", "pc-17")).unwrap_err(),
        NoSecrets::NoCode
    );
}

#[test]
fn an_entry_without_a_code_is_nobodys_until_one_is_made() {
    let text = format!("{CODES}\n# new\n[[code]]\nhost = [\"pc-9\"]\nsecrets = {{ a = \"b\" }}\n");
    let codes = Codes::read(&text).unwrap();
    assert_eq!(
        codes.redeem(&asked("", "pc-9")).unwrap_err(),
        NoSecrets::NoCode
    );
    let codes = Codes::read(&text).unwrap();
    let fresh = || crate::words::Pii::new("mfrg-g2df-mztw".to_owned());
    let (completed, made) = codes.completed(fresh);
    let [made] = &made[..] else {
        panic!("one had none: {made:?}");
    };
    assert_eq!(
        (&made.hosts[..], &made.secrets[..]),
        (&["pc-9".to_owned()][..], &["a".to_owned()][..])
    );
    assert!(completed.starts_with(CODES), "{completed}");
    assert!(!format!("{made:?}").contains("mfrg"));
    let redeemed = Codes::read(&completed).unwrap();
    let redeemed = redeemed.redeem(&asked("mfrg-g2df-mztw", "pc-9")).unwrap();
    assert_eq!(redeemed.enrolled.secrets["a"].reveal(), "b");
    let (again, made) = Codes::read(&completed).unwrap().completed(fresh);
    assert!(again == completed && made.is_empty());
}

#[test]
fn codes_that_can_be_guessed_or_not_taken_out_are_refused() {
    let told = Codes::read("[[code]]\ncode = \"1234\"\nsecrets = {}\n").unwrap_err();
    assert_eq!(told.key(), "enrol.short-code");
    let inline = "code = [{ code = \"Qk3v-bT9x-mm2L\", secrets = { a = \"sesame\" } }]";
    assert_eq!(Codes::read(inline).unwrap_err().key(), "enrol.no-codes");
    let wrong = Codes::read("[[code]]\ncode = \"Qk3v-bT9x-mm2L\"\nsecrets = \"sesame\"\n");
    let wrong = wrong.unwrap_err();
    assert_eq!(
        wrong,
        crate::words::Sentence::of("enrol.no-codes").with("line", 3)
    );
    assert!(!wrong.to_string().contains("sesame"));
}
