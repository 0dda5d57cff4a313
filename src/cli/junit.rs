//! The report that build servers read.

use crate::words::xml;

/// One thing that was tried: why it failed, if it did.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) failure: Option<String>,
}

/// `suite` is the command, `class` what its cases are.
pub(super) fn report(suite: &str, class: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some());
    let mut report = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{suite}\" tests=\"{}\" failures=\"{}\">\n",
        cases.len(),
        failures.count(),
    );
    for Case { name, failure } in cases {
        let name = xml(name);
        report += &match failure {
            None => format!("  <testcase classname=\"{class}\" name=\"{name}\"/>\n"),
            Some(why) => format!(
                "  <testcase classname=\"{class}\" name=\"{name}\">\n    <failure>{}</failure>\n  </testcase>\n",
                xml(why)
            ),
        };
    }
    report + "</testsuite>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XML 1.0 2.2: none of these can stand in a document, not even as a reference.
    #[test]
    fn a_report_is_well_formed_whatever_a_header_said() {
        let case = |failure| Case {
            name: "Subject <\u{ffff}\">".to_owned(),
            failure,
        };
        let said = "Reason: a&b \u{fffe}\u{1b}".to_owned();
        let report = report("sim", "scenario", &[case(None), case(Some(said))]);
        let forbidden = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{1b}');
        assert!(!report.contains(forbidden), "{report}");
        let name = "name=\"Subject &lt;\u{fffd}&quot;&gt;\"";
        assert_eq!(report.matches(name).count(), 2, "{report}");
        let failure = "<failure>Reason: a&amp;b \u{fffd}\u{fffd}</failure>";
        assert!(report.contains(failure), "{report}");
    }
}
