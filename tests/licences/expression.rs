//! Licence expressions (SPDX 2.3, annex D), as far as crates use them.

/// Whether one may choose so that every licence owed is `allowed`. What cannot be read is refused.
pub(super) fn allows(expression: &str, allowed: &[&str]) -> bool {
    let words = words(expression);
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    reader.any_of() == Some(true) && reader.words.is_empty()
}

/// `/` is how crates wrote OR before SPDX.
fn words(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Reader<'a> {
    words: &'a [String],
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    fn any_of(&mut self) -> Option<bool> {
        let mut allowed = self.all_of()?;
        while self.takes("OR") {
            allowed |= self.all_of()?;
        }
        Some(allowed)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut allowed = self.one()?;
        while self.takes("AND") {
            allowed &= self.one()?;
        }
        Some(allowed)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let allowed = self.any_of()?;
            return self.takes(")").then_some(allowed);
        }
        let mut licence = self.next()?;
        if self.takes("WITH") {
            licence = format!("{licence} WITH {}", self.next()?);
        }
        Some(self.allowed.contains(&licence.as_str()))
    }

    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first.clone())
    }

    fn takes(&mut self, word: &str) -> bool {
        let here = self.words.first().is_some_and(|first| first == word);
        if here {
            self.words = &self.words[1..];
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_licences_one_may_choose() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR LGPL-2.1-or-later",
            "GPL-3.0 OR (MIT AND Zlib)",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"];
            assert!(allows(expression, &allowed), "{expression}");
        }
    }

    #[test]
    fn what_is_owed_or_cannot_be_read_is_refused() {
        for expression in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "MIT GPL-3.0",
            "(MIT",
            "MIT OR",
            "MIT WITH GPL-exception",
        ] {
            assert!(!allows(expression, &["MIT"]), "{expression}");
        }
    }
}
