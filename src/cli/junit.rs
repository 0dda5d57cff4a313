//! The report that build servers read.

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
        let name = escaped(name);
        report += &match failure {
            None => format!("  <testcase classname=\"{class}\" name=\"{name}\"/>\n"),
            Some(why) => format!(
                "  <testcase classname=\"{class}\" name=\"{name}\">\n    <failure>{}</failure>\n  </testcase>\n",
                escaped(why)
            ),
        };
    }
    report + "</testsuite>\n"
}

/// XML 1.0 knows no control character but tab, line feed and carriage return.
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
