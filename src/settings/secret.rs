use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::provision::store::{read_secret, secrets_file};
use crate::words::{Pii, Sentence};

/// A password, or where it is kept: `{ env = "NAME" }`, `{ file = "path" }`, `{ enrolled = "NAME" }`. Never prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    Env(String),
    /// Its first line.
    File(PathBuf),
    /// By `thirdring enrol`, in a file of the state folder; none where nobody told us that folder.
    Enrolled {
        name: String,
        kept_in: Option<PathBuf>,
    },
    /// Written into the settings themselves: for tests.
    Literal(Pii<String>),
}

const PLACES: [&str; 3] = ["env", "file", "enrolled"];

impl Secret {
    /// The password itself, without the end of its line; `env` is the process's environment.
    pub fn read(&self, env: impl Fn(&str) -> Option<String>) -> Result<Pii<String>, Sentence> {
        let text = match self {
            Self::Env(name) => env(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| Sentence::of("settings.secret-not-set").with("name", name))?,
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|why| unreadable(path, &why))?
            }
            Self::Enrolled { name, kept_in } => return enrolled(name, kept_in.as_deref()),
            Self::Literal(password) => return Ok(password.clone()),
        };
        Ok(Pii::new(text.lines().next().unwrap_or_default().to_owned()))
    }

    /// Where it is kept, if that is a file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Enrolled { kept_in, .. } => kept_in.as_deref(),
            Self::Env(_) | Self::Literal(_) => None,
        }
    }

    pub(super) fn enrolled_in(&mut self, state: &Path) {
        if let Self::Enrolled { kept_in, .. } = self {
            *kept_in = Some(secrets_file(state));
        }
    }

    pub(super) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Env(_) | Self::Enrolled { .. } | Self::Literal(_) => None,
        }
    }
}

/// What nobody enrolled for is not there.
fn enrolled(name: &str, kept_in: Option<&Path>) -> Result<Pii<String>, Sentence> {
    let missing = || Sentence::of("settings.secret-not-enrolled").with("name", name);
    let file = kept_in.ok_or_else(missing)?;
    let secret = read_secret(file, name).map_err(|why| unreadable(file, &why))?;
    secret.ok_or_else(missing)
}

fn unreadable(path: &Path, why: &std::io::Error) -> Sentence {
    Sentence::of("start.unreadable")
        .with("file", path.display())
        .with("why", Sentence::of_io(why))
}

impl Serialize for Secret {
    /// Says where it is kept; a password stays here.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (name, value) = match self {
            Self::Env(name) => ("env", name.clone()),
            Self::File(path) => ("file", path.display().to_string()),
            Self::Enrolled { name, .. } => ("enrolled", name.clone()),
            Self::Literal(_) => return to.serialize_str("***"),
        };
        let mut place = to.serialize_map(Some(1))?;
        place.serialize_entry(name, &value)?;
        place.end()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Sentence::of("value.secret"))
    }

    fn visit_str<E: de::Error>(self, password: &str) -> Result<Secret, E> {
        Ok(Secret::Literal(Pii::new(password.to_owned())))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Secret, M::Error> {
        let refused = || de::Error::custom(Sentence::of("value.secret"));
        let (place, at): (String, String) = map.next_entry()?.ok_or_else(refused)?;
        let secret = match place.as_str() {
            "env" => Secret::Env(at),
            "file" => Secret::File(at.into()),
            "enrolled" => Secret::Enrolled {
                name: at,
                kept_in: None,
            },
            other => return Err(de::Error::unknown_field(other, &PLACES)),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(refused());
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Account {
        password: Secret,
    }

    fn secret(text: &str) -> Result<Secret, String> {
        let account: Result<Account, _> = toml::from_str(&format!("password = {text}"));
        let secret = account.map(|account| account.password);
        secret.map_err(|why| why.message().to_owned())
    }

    #[test]
    fn a_password_is_where_the_settings_say() {
        let env = |name: &str| (name == "PBX").then(|| "open sesame\n".to_owned());
        let read = |text| {
            secret(text)
                .unwrap()
                .read(env)
                .map(|it| it.reveal().clone())
        };
        assert_eq!(read("{ env = \"PBX\" }").unwrap(), "open sesame");
        assert_eq!(read("\"plain\"").unwrap(), "plain");
        assert!(read("{ env = \"NONE\" }").is_err());
        assert!(read("{ file = \"no/such\" }").is_err());
    }

    #[test]
    fn another_place_for_a_password_is_refused() {
        assert!(secret("{ envv = \"PBX\" }").unwrap_err().contains("`envv`"));
        for text in ["{}", "{ env = \"A\", file = \"b\" }", "7"] {
            assert!(secret(text).unwrap_err().contains("value.secret"), "{text}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let secret = secret("\"open sesame\"").unwrap();
        assert!(!format!("{secret:?}").contains("sesame"));
        assert!(!serde_json::to_string(&secret).unwrap().contains("sesame"));
    }
}
