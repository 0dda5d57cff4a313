use serde::Serialize;

use super::explain::{Explanation, Refused, Route};
use super::pattern::{Found, Pattern};
use super::{Allow, Class, Numbering, Reading, Rule};
use crate::words::{PhoneNumber, Pii};

/// What becomes of a number that is to be dialled: the first rule that fits, then the gate, then a line.
#[derive(Clone, Debug)]
pub struct DialRules {
    pub numbering: Numbering,
    /// Tried in this order.
    pub rules: Vec<Rule>,
    pub allow: Vec<Allow>,
    /// The first that may dial is the one where no rule names another.
    pub lines: Vec<Line>,
    /// How a number becomes an address: `{number}` and `{host}` are filled in.
    pub uri: String,
}

/// Where numbers can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    pub name: String,
    /// What stands for `{host}` in its addresses.
    pub host: String,
    pub may_dial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// `sip.trunk`: a peer without a name.
    Trunk,
    Account,
    Peer,
}

impl DialRules {
    /// Where `number` is dialled, or why it is not.
    pub fn route(&self, number: &PhoneNumber) -> Result<Route, Refused> {
        self.explain(number).outcome
    }

    /// The same, with every step on the way.
    pub fn explain(&self, number: &PhoneNumber) -> Explanation {
        let read = self.numbering.read(number);
        if read.class == Class::Emergency {
            let outcome = self.emergency(number);
            return Explanation::new(read, None, outcome);
        }
        let found = self.first_fit(number, &read);
        let rule = found.as_ref().map(|(n, ..)| n.saturating_add(1));
        let (class, outcome) = match found {
            Some((_, rule, found)) => self.by_rule(rule, &found, number, &read),
            None => (read.class, self.without_rule(number, &read)),
        };
        Explanation::new(Reading { class, ..read }, rule, outcome)
    }

    /// A code that the settings have for this line: as it is written, for rules and gates are about whom people dial.
    pub fn feature_code(&self, code: &PhoneNumber, via: &str) -> Result<Route, Refused> {
        let line = self.line(Some(via))?;
        self.route_by(line, self.numbering.read(code).class, code.as_str())
    }

    /// As it was dialled, past every rule and gate (D34).
    fn emergency(&self, number: &PhoneNumber) -> Result<Route, Refused> {
        let line = self.line(None)?;
        self.route_by(line, Class::Emergency, number.as_str())
    }

    fn first_fit<'a>(
        &'a self,
        number: &'a PhoneNumber,
        read: &'a Reading,
    ) -> Option<(usize, &'a Rule, Found<'a>)> {
        let mut rules = self.rules.iter().enumerate();
        rules.find_map(|(n, rule)| Some((n, rule, fit(&rule.pattern, number, read)?)))
    }

    fn by_rule(
        &self,
        rule: &Rule,
        found: &Found<'_>,
        number: &PhoneNumber,
        read: &Reading,
    ) -> (Class, Result<Route, Refused>) {
        if rule.refuse {
            return (read.class, Err(Refused::ByRule));
        }
        let dialled = match &rule.replace {
            Some(replace) => PhoneNumber::parse(&replace.fill(found)),
            None => Ok(number.clone()),
        };
        let Ok(dialled) = dialled else {
            return (read.class, Err(Refused::NoNumber));
        };
        let class = self.dearer(read, &dialled);
        let allowed = rule.allow || self.allows(class, number, read);
        let outcome = if allowed {
            self.line(rule.via.as_deref())
                .and_then(|line| self.route_by(line, class, dialled.as_str()))
        } else {
            Err(Refused::NotAllowed)
        };
        (class, outcome)
    }

    fn without_rule(&self, number: &PhoneNumber, read: &Reading) -> Result<Route, Refused> {
        if !self.allows(read.class, number, read) {
            return Err(Refused::NotAllowed);
        }
        let line = self.line(None)?;
        if self.numbering.has_outside_prefix() {
            self.route_by(line, read.class, &self.numbering.outside(read))
        } else {
            self.route_by(line, read.class, number.as_str())
        }
    }

    /// A rule must not make a foreign number look like one of ours: what was dialled counts as well.
    fn dearer(&self, asked: &Reading, dialled: &PhoneNumber) -> Class {
        let becomes = self.numbering.read(dialled).class;
        match asked.class {
            // Access codes that the rule takes away.
            Class::Internal | Class::Other => becomes,
            Class::Emergency
            | Class::Service
            | Class::Local
            | Class::National
            | Class::Mobile
            | Class::Premium
            | Class::International => becomes.max(asked.class),
        }
    }

    fn allows(&self, class: Class, number: &PhoneNumber, read: &Reading) -> bool {
        self.allow.iter().any(|allow| match allow {
            Allow::Class(allowed) => *allowed == class,
            Allow::Numbers(pattern) => fit(pattern, number, read).is_some(),
        })
    }

    /// The named line, or the first that may dial.
    fn line(&self, name: Option<&str>) -> Result<&Line, Refused> {
        let mut lines = self.lines.iter();
        let found = match name {
            Some(name) => lines.find(|line| line.name == name),
            None => lines.find(|line| line.may_dial),
        };
        found.filter(|line| line.may_dial).ok_or(Refused::NoLine)
    }

    fn route_by(&self, line: &Line, class: Class, dialled: &str) -> Result<Route, Refused> {
        let number = PhoneNumber::parse(dialled).map_err(|_| Refused::NoNumber)?;
        // `#` ends nothing in a SIP address, but may not stand there (RFC 3261 25.1).
        let user = number.as_str().replace('#', "%23");
        let uri = self.uri.replace("{number}", &user);
        Ok(Route {
            class,
            uri: Pii::new(uri.replace("{host}", &line.host)),
            number,
            kind: line.kind,
            via: line.name.clone(),
        })
    }
}

/// A pattern with `+` is for the number's international form, every other for what was dialled.
fn fit<'a>(pattern: &Pattern, number: &'a PhoneNumber, read: &'a Reading) -> Option<Found<'a>> {
    if pattern.is_international() {
        pattern.find(read.canonical.as_str())
    } else {
        pattern.find(number.as_str())
    }
}
