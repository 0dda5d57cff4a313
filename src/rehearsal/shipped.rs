//! The scripts that the program comes with: what the shipped policy does, a rule of the standard each.

use include_dir::{Dir, include_dir};

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/config/rehearsal");

/// A script of ours.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// `held_caller_is_told_every_fifteen_seconds.call`.
    pub name: &'static str,
    pub text: &'static str,
}

/// By their names.
pub fn shipped() -> Vec<Shipped> {
    let scripts = SHIPPED.files().filter_map(|file| {
        let name = file.path().to_str()?;
        name.ends_with(".call").then_some(())?;
        let text = file.contents_utf8()?;
        Some(Shipped { name, text })
    });
    let mut scripts: Vec<Shipped> = scripts.collect();
    scripts.sort_by_key(|script| script.name);
    scripts
}

impl Shipped {
    /// The rules of the standard that it is about: those of its first line, `# R20, R21: ...`.
    pub fn rules(&self) -> Vec<&'static str> {
        let first = self.text.lines().next().unwrap_or_default();
        let Some((rules, _)) = first.trim_start_matches('#').split_once(':') else {
            return Vec::new();
        };
        rules.split(',').map(str::trim).collect()
    }
}
