/// Below this two names have little in common (0-1).
const LIKELY: f64 = 0.6;

/// A slip of the finger rarely hits the first letter: it breaks a tie.
const SAME_FIRST: f64 = 0.01;

/// The known name that was probably meant.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str| {
        let same_first = name.chars().next() == found.chars().next();
        let bonus = if same_first { SAME_FIRST } else { 0.0 };
        strsim::normalized_damerau_levenshtein(name, found) + bonus
    };
    let nearest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(nearest) >= LIKELY).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        assert_eq!(nearest("lisen", &["language", "listen"]), Some("listen"));
        assert_eq!(nearest("heart", &["listen", "language"]), None);
        assert_eq!(nearest("bat", &["cat", "bar"]), Some("bar"));
        assert_eq!(nearest("x", &[]), None);
    }
}
