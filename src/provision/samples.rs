use std::collections::BTreeSet;

use super::{Index, Pc};
use crate::words::Glob;

impl Index {
    /// A PC for each way in which parts come together: what an admin looks at before he signs. A pattern is stood for by
    /// a name that fits it, and there is a PC that none fits.
    pub fn samples(&self) -> Vec<Pc> {
        let groups = || self.group.values();
        let hosts = self.part.iter().map(|part| &part.host);
        let hosts = names(hosts.chain(groups().map(|who| &who.host)));
        let users = self.part.iter().map(|part| &part.user);
        let users = names(users.chain(groups().map(|who| &who.user)));
        let mut seen = BTreeSet::new();
        let pcs = hosts.iter().flat_map(|host| {
            users.iter().map(|user| Pc {
                host: host.clone(),
                user: user.clone(),
            })
        });
        pcs.filter(|pc| seen.insert(self.parts_for(pc))).collect()
    }
}

/// Each once; first that of nobody in particular.
fn names<'g>(patterns: impl Iterator<Item = &'g Vec<Glob>>) -> Vec<String> {
    let named: BTreeSet<String> = patterns.flatten().map(sample).collect();
    [String::new()].into_iter().chain(named).collect()
}

/// A name that fits the pattern; the pattern itself where it is too clever for that.
fn sample(pattern: &Glob) -> String {
    let mut name = String::new();
    let mut letters = pattern.as_str().chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' | '?' => name.push('x'),
            '[' => {
                name.extend(letters.next());
                letters.by_ref().take_while(|it| *it != ']').for_each(drop);
            }
            '{' => {
                let rest: String = letters.by_ref().take_while(|it| *it != '}').collect();
                name.push_str(rest.split(',').next().unwrap_or_default());
            }
            '\\' => name.extend(letters.next()),
            other => name.push(other),
        }
    }
    match pattern.fits(&name) {
        true => name,
        false => pattern.as_str().to_owned(),
    }
}
