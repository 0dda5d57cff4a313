use std::collections::BTreeMap;

use super::corpus::Torture;

/// Every message that an RFC decides.
pub(super) const ALL: &str = "rfc4475 34/34, rfc5118 12/12";

/// How many of the decided messages were answered as they deserve, by RFC.
#[derive(Default)]
pub(super) struct Tally {
    counts: BTreeMap<String, (usize, usize)>,
    faults: Vec<String>,
}

impl Tally {
    pub(super) fn judge(&mut self, torture: &Torture, codes: &[u16]) {
        let Some(rfc) = torture.tally() else {
            return;
        };
        let fault = torture.fault(codes);
        let (right, of) = self.counts.entry(rfc.to_owned()).or_default();
        *right += usize::from(fault.is_none());
        *of += 1;
        self.faults.extend(fault);
    }

    /// So many of them, or the test tells which not.
    pub(super) fn close(self, over: &str, right: &str) {
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(rfc, (right, of))| format!("{rfc} {right}/{of}"))
            .collect();
        let counts = counts.join(", ");
        println!("torture {over}: {counts}");
        assert!(
            self.faults.is_empty(),
            "{counts}\n{}",
            self.faults.join("\n")
        );
        assert_eq!(counts, right);
    }
}
