/// Follows the quoted strings of a header's value, one character after the other (RFC 3261 25.1).
#[derive(Debug, Default)]
pub(super) struct Quotes {
    are_open: bool,
    escaped: bool,
}

impl Quotes {
    /// Whether this character, the next one, stands outside of them.
    pub(super) fn leave_out(&mut self, next: char) -> bool {
        if std::mem::take(&mut self.escaped) {
            return false;
        }
        match next {
            '\\' if self.are_open => self.escaped = true,
            '"' => self.are_open = !self.are_open,
            _ => return !self.are_open,
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_quote_ends_nothing() {
        let mut quotes = Quotes::default();
        let outside: String = r#"a"b\"c"d\"e"#.chars().filter(|c| quotes.leave_out(*c)).collect();
        assert_eq!(outside, r"ad\");
    }
}
