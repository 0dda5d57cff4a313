//! docs/sip-conformance.md names tests that exist.

const TABLE: &str = include_str!("../../../../docs/sip-conformance.md");
const TESTS: [&str; 30] = [
    include_str!("back_off.rs"),
    include_str!("calls.rs"),
    include_str!("crossings.rs"),
    include_str!("forks.rs"),
    include_str!("offers.rs"),
    include_str!("provisional.rs"),
    include_str!("referrals.rs"),
    include_str!("refusals.rs"),
    include_str!("registering.rs"),
    include_str!("replacing.rs"),
    include_str!("sentences.rs"),
    include_str!("sessions.rs"),
    include_str!("transports.rs"),
    include_str!("updates.rs"),
    include_str!("../../dialog.rs"),
    include_str!("../auto_answer.rs"),
    include_str!("../reason.rs"),
    include_str!("asking.rs"),
    include_str!("logins.rs"),
    include_str!("../../../desk/accounts/line.rs"),
    include_str!("../../digest/verifier/tests.rs"),
    include_str!("../../registrar/contacts.rs"),
    include_str!("../../registrar/server/tests.rs"),
    include_str!("../../stun/client.rs"),
    include_str!("../../stun/message.rs"),
    // Where the desk has its say, the running agent shows it.
    include_str!("../../../../tests/peers/lines.rs"),
    include_str!("../../../../tests/peers/replacing.rs"),
    include_str!("../../offer_answer/crypto.rs"),
    include_str!("../../offer_answer/settle.rs"),
    include_str!("../../wire/framer.rs"),
];

/// The test names: the last column of each row, in backticks.
fn named() -> Vec<&'static str> {
    let rows = TABLE.lines().filter_map(|line| {
        let (_, test) = line.strip_suffix("` |")?.rsplit_once("| `")?;
        Some(test)
    });
    rows.collect()
}

#[test]
fn each_sentence_of_the_table_has_its_test() {
    let named = named();
    assert!(named.len() >= 80, "{} rows", named.len());
    for test in named {
        let begin = format!("#[test]\nfn {test}()");
        let nested = format!("    #[test]\n    fn {test}()");
        let exists = |source: &&str| source.contains(&begin) || source.contains(&nested);
        assert!(TESTS.iter().any(exists), "no test {test}");
    }
}
