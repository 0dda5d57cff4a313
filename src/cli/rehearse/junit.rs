//! The report that build servers read: a test case for each script.

use super::scripts::Script;
use super::{Outcome, drawn};
use crate::cli::Teller;

pub(super) fn report(cases: &[(&Script, &Outcome)], teller: &Teller<'_>) -> String {
    let is_right = |outcome: &Outcome| matches!(outcome, Outcome::AsWritten | Outcome::Updated);
    let failures = cases.iter().filter(|(_, outcome)| !is_right(outcome));
    let mut report = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"thirdring rehearse\" tests=\"{}\" failures=\"{}\">\n",
        cases.len(),
        failures.count(),
    );
    for (script, outcome) in cases {
        let name = escaped(&script.name);
        report += &match is_right(outcome) {
            true => format!("  <testcase classname=\"rehearsal\" name=\"{name}\"/>\n"),
            false => {
                let why = escaped(&drawn(script, outcome, teller).join("\n"));
                format!(
                    "  <testcase classname=\"rehearsal\" name=\"{name}\">\n    <failure>{why}</failure>\n  </testcase>\n"
                )
            }
        };
    }
    report + "</testsuite>\n"
}

/// XML 1.0 knows no control characters but these three.
fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
