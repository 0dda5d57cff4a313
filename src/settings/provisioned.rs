use std::path::{Path, PathBuf};

use toml::Value;

use crate::provision::store::Copy;
use crate::provision::{Digest, Held, Share};

/// An admin's copy that lies below a PC's own layers.
#[derive(Clone, Debug)]
pub struct Provisioned {
    pub held: Held,
    /// Another one with each that is taken.
    pub folder: PathBuf,
    files: PathBuf,
    share: Share,
}

impl Provisioned {
    pub(super) fn of(copy: &Copy) -> Self {
        Self {
            held: copy.held(),
            folder: copy.folder().to_owned(),
            files: copy.files.clone(),
            share: copy.share.clone(),
        }
    }

    /// A value in which each path of the copy is what lies there: a file that is kept elsewhere is the same file.
    pub fn named(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.name_of(&text).unwrap_or(text)),
            Value::Array(list) => Value::Array(list.into_iter().map(|it| self.named(it)).collect()),
            Value::Table(table) => {
                let named = table.into_iter().map(|(key, it)| (key, self.named(it)));
                Value::Table(named.collect())
            }
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => value,
        }
    }

    /// A file's own hash; a folder's is that of the names and the hashes in it.
    fn name_of(&self, path: &str) -> Option<String> {
        let path = Path::new(path).strip_prefix(&self.files).ok()?;
        let path = path.to_str()?.replace('\\', "/");
        let files = || self.share.files.iter();
        let digest = match files().find(|(file, _)| file.as_str() == path) {
            Some((_, digest)) => *digest,
            None => {
                let within = files().filter(|(file, _)| file.is_in(&path));
                let list: String = within
                    .map(|(file, digest)| format!("{file} {digest}\n"))
                    .collect();
                Digest::of(list.as_bytes())
            }
        };
        Some(format!("provisioned:{path} {digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::Index;

    fn kept_in(folder: &str, greeting: &[u8]) -> Provisioned {
        let mut share = Share::default();
        for (path, bytes) in [
            ("policies/ours.toml", &b"ours"[..]),
            ("prompts/en/greeting.wav", greeting),
        ] {
            let path = path.parse().unwrap();
            share.files.insert(path, Digest::of(bytes));
        }
        let copy = Copy::in_folder(Path::new(folder), Index::default(), share);
        Provisioned::of(&copy)
    }

    fn settings(folder: &str) -> Value {
        let text = format!(
            "policy = \"{folder}/policies/ours.toml\"\nprompts = \"{folder}/prompts\"\n\
             music = \"/elsewhere\"\n[[seat]]\nfile = \"{folder}/prompts/en/greeting.wav\"\n"
        );
        Value::Table(toml::from_str(&text).unwrap())
    }

    #[test]
    fn a_path_is_what_lies_there_wherever_a_copy_is_kept() {
        let first = kept_in("/1", b"hello").named(settings("/1"));
        let second = kept_in("/2", b"hello").named(settings("/2"));
        assert_eq!(first, second);
        assert_eq!(first["music"].as_str(), Some("/elsewhere"));
        let policy = format!("provisioned:policies/ours.toml {}", Digest::of(b"ours"));
        assert_eq!(first["policy"].as_str(), Some(&*policy));
        let other = kept_in("/2", b"good day").named(settings("/2"));
        assert_eq!(other["policy"], first["policy"]);
        assert_ne!(other["prompts"], first["prompts"]);
        assert_ne!(other["seat"], first["seat"]);
    }
}
