use crate::words::Glob;

/// Keys of the settings that only the admin sets.
#[derive(Clone, Debug, Default)]
pub struct Locks(Vec<Glob>);

impl Locks {
    pub fn new(keys: &[Glob]) -> Self {
        Self(keys.to_vec())
    }

    /// By which a local layer may not set this key: it is named itself, or a section that it is in, or keys below it
    /// (`policy.*` locks `policy`, the file that they are in).
    pub fn lock_of(&self, key: &str) -> Option<&str> {
        let dots = key.match_indices('.').map(|(at, _)| at);
        let within: Vec<&str> = dots.chain([key.len()]).map(|end| &key[..end]).collect();
        let mut locks = self.0.iter();
        let lock = locks.find(|lock| {
            let below = lock.as_str().strip_prefix(key);
            let is_below = below.is_some_and(|rest| rest.starts_with('.'));
            is_below || within.iter().any(|section| lock.fits(section))
        })?;
        Some(lock.as_str())
    }
}
