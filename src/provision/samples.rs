use std::collections::BTreeSet;

use super::{Index, Part, Pc, Who};
use crate::words::Glob;

/// PCs that are looked at, at most: each takes some milliseconds, and an index may have more kinds than an admin has years.
const SAMPLES_MAX: usize = 2_000;

/// Names of PCs and users that are put together, at most, to find them.
const TRIED_MAX: usize = 20_000;

/// What an admin looks at before he signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    pub pcs: Vec<Pc>,
    /// Whether there is one for each way in which parts come together.
    pub are_all: bool,
}

/// Those that get the same are one.
struct Gathering<'i> {
    index: &'i Index,
    tried: BTreeSet<(String, String)>,
    seen: BTreeSet<Vec<usize>>,
    pcs: Vec<Pc>,
    are_all: bool,
}

impl Index {
    /// One that nothing fits, one of each part and of each member of a group; then, as far as that goes, those of several.
    /// A pattern is stood for by a name that fits it.
    pub fn samples(&self) -> Samples {
        let mut gathering = Gathering {
            index: self,
            tried: BTreeSet::new(),
            seen: BTreeSet::new(),
            pcs: Vec::new(),
            are_all: true,
        };
        gathering.add("", "");
        self.part.iter().for_each(|part| gathering.add_part(part));
        let who = |parts: fn(&Part) -> &Vec<Glob>, groups: fn(&Who) -> &Vec<Glob>| {
            let groups = self.group.values().map(groups);
            names(self.part.iter().map(parts).chain(groups))
        };
        let hosts = who(|part| &part.host, |group| &group.host);
        let users = who(|part| &part.user, |group| &group.user);
        gathering.add_pairs(&hosts, &users);
        Samples {
            pcs: gathering.pcs,
            are_all: gathering.are_all,
        }
    }
}

impl Gathering<'_> {
    fn add(&mut self, host: &str, user: &str) {
        if !self.tried.insert((host.to_owned(), user.to_owned())) {
            return;
        }
        if self.pcs.len() >= SAMPLES_MAX || self.tried.len() > TRIED_MAX {
            self.are_all = false;
            return;
        }
        let pc = Pc {
            host: host.to_owned(),
            user: user.to_owned(),
        };
        if self.seen.insert(self.index.parts_for(&pc)) {
            self.pcs.push(pc);
        }
    }

    /// Its own names, with a member of its groups where it says nothing of them.
    fn add_part(&mut self, part: &Part) {
        let index = self.index;
        let groups = part.group.iter();
        let members: Vec<&Who> = groups.filter_map(|name| index.group.get(name)).collect();
        let or_of_a_member = |own: &[Glob], of: fn(&Who) -> &Vec<Glob>| -> Vec<String> {
            let own: Vec<String> = own.iter().map(sample).collect();
            let members = members.iter().flat_map(|who| of(who)).map(sample);
            if own.is_empty() {
                members.collect()
            } else {
                own
            }
        };
        let hosts = or_of_a_member(&part.host, |who| &who.host);
        let users = or_of_a_member(&part.user, |who| &who.user);
        let first = |of_the_part: &[Glob]| of_the_part.first().map(sample).unwrap_or_default();
        let (host, user) = (first(&part.host), first(&part.user));
        hosts.iter().for_each(|host| self.add(host, &user));
        users.iter().for_each(|user| self.add(&host, user));
    }

    fn add_pairs(&mut self, hosts: &[String], users: &[String]) {
        let pairs = hosts
            .iter()
            .flat_map(|host| users.iter().map(move |user| (host, user)));
        let count = hosts.len().saturating_mul(users.len());
        self.are_all &= count <= TRIED_MAX;
        pairs
            .take(TRIED_MAX)
            .for_each(|(host, user)| self.add(host, user));
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
