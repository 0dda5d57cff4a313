use std::fmt;

use super::params::Params;
use super::readable::readable;
use super::uri::{BadUri, Uri};

/// A From, To, Contact or identity value: display name, URI, parameters. `Debug` hides the person.
#[derive(Clone, PartialEq, Eq)]
pub struct NameAddr {
    display: Option<String>,
    uri: Uri,
    params: Params,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadNameAddr {
    Quote,
    Bracket,
    Uri(BadUri),
}

impl fmt::Display for BadNameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quote => f.write_str("an address with an unbalanced quote"),
            Self::Bracket => f.write_str("an address with an unbalanced bracket"),
            Self::Uri(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for BadNameAddr {}

impl NameAddr {
    pub fn new(display: Option<&str>, uri: Uri) -> Self {
        Self {
            display: display.map(str::to_owned).filter(|name| !name.is_empty()),
            uri,
            params: Params::default(),
        }
    }

    /// The display name as a person reads it: unquoted, in whatever character set it came.
    pub fn display(&self) -> Option<String> {
        self.display.as_deref().map(readable)
    }

    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }

    /// Reads one value; in the form without brackets the parameters are the header's (RFC 3261 20).
    pub(crate) fn read(value: &str) -> Result<Self, BadNameAddr> {
        let (name, rest) = display_name(value.trim())?;
        let (uri, params) = match rest.strip_prefix('<') {
            Some(rest) => rest.split_once('>').ok_or(BadNameAddr::Bracket)?,
            None if name.is_some() => return Err(BadNameAddr::Bracket),
            None => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        };
        let params = params.trim();
        if !params.is_empty() && !params.starts_with(';') {
            return Err(BadNameAddr::Bracket);
        }
        Ok(Self {
            display: name.filter(|name| !name.is_empty()),
            uri: uri.trim().parse().map_err(BadNameAddr::Uri)?,
            params: Params::new(params),
        })
    }
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?}>", self.uri)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.display {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{quoted}\" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params.as_str())
    }
}

/// Splits off a display name, quoted or bare; none when the value begins with its URI.
fn display_name(value: &str) -> Result<(Option<String>, &str), BadNameAddr> {
    if let Some(rest) = value.strip_prefix('"') {
        let (name, rest) = quoted(rest)?;
        return Ok((Some(name), rest.trim_start()));
    }
    match value.find('<') {
        Some(at) => {
            let (name, rest) = value.split_at(at);
            if name.contains('"') {
                return Err(BadNameAddr::Quote);
            }
            Ok((Some(name.trim().to_owned()), rest))
        }
        None => Ok((None, value)),
    }
}

/// The text up to the closing quote with its escapes undone, and what follows.
fn quoted(text: &str) -> Result<(String, &str), BadNameAddr> {
    let mut name = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next().ok_or(BadNameAddr::Quote)? {
            '"' => return Ok((name, chars.as_str())),
            '\\' => name.push(chars.next().ok_or(BadNameAddr::Quote)?),
            c => name.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_read() {
        let it = NameAddr::read("\"A \\\"B\\\" <x>\" <sip:a@b;lr>;tag=1").unwrap();
        assert_eq!(it.display().unwrap(), "A \"B\" <x>");
        assert_eq!((it.tag(), it.uri().param("lr")), (Some("1"), Some("")));
        let it = NameAddr::read("Anna Li<sip:a@b> ; tag=2").unwrap();
        assert_eq!(
            (it.display().as_deref(), it.tag()),
            (Some("Anna Li"), Some("2"))
        );
        let it = NameAddr::read("sip:a@b;tag=3").unwrap();
        assert_eq!((it.uri().as_str(), it.tag()), ("sip:a@b", Some("3")));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let uri: Uri = "sip:a@b".parse().unwrap();
        let it = NameAddr::new(Some("x \"y\" \\"), uri);
        assert_eq!(NameAddr::read(&it.to_string()).unwrap(), it);
    }

    #[test]
    fn unbalanced_values_are_refused() {
        for value in [
            "\"A <sip:a@b>",
            "<sip:a@b",
            "A\" <sip:a@b>",
            "\"A\" sip:a@b",
            "",
            "<>",
        ] {
            assert!(NameAddr::read(value).is_err(), "{value}");
        }
    }
}
