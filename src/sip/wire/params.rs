use super::quotes::Quotes;

/// `;name=value` parameters, kept as text: quotes are honoured, nothing is unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(String);

impl Params {
    /// Takes text that is empty or begins with `;`.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The value of the first parameter `name`: empty when it has none, without quotes.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        pieces(&self.0)
            .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
            .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| unquoted(value.trim()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// These parameters without those called `name`.
    pub(crate) fn without(&self, name: &str) -> Self {
        let named = |piece: &str| {
            let found = piece.split_once('=').map_or(piece, |(found, _)| found);
            found.trim().eq_ignore_ascii_case(name)
        };
        let kept = pieces(&self.0).filter(|piece| !piece.trim().is_empty() && !named(piece));
        Self(kept.map(|piece| format!(";{}", piece.trim())).collect())
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut quotes = Quotes::default();
    text.split(move |c: char| quotes.leave_out(c) && c == ';')
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_beside_quotes() {
        let params = Params::new(";a=\"x;tag=no\" ; TAG = yes;lr");
        assert_eq!(params.get("tag"), Some("yes"));
        assert_eq!(params.get("a"), Some("x;tag=no"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.get("b"), None);
        assert_eq!(params.without("tag").as_str(), ";a=\"x;tag=no\";lr");
    }
}
