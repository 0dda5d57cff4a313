use super::window::Window;

/// A peer that restarts its stream changes the SSRC; so many are told apart under one key, then the one that was
/// quiet longest is forgotten.
const SOURCES_MAX: usize = 16;

/// What each source of a key has used, the latest source first.
#[derive(Debug)]
pub(super) struct Sources(Vec<(u32, Window)>);

impl Sources {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(SOURCES_MAX))
    }

    /// What a source has used: nothing, when it is new.
    pub(super) fn window(&self, ssrc: u32) -> Window {
        let found = self.0.iter().find(|(source, _)| *source == ssrc);
        found.map(|(_, window)| *window).unwrap_or_default()
    }

    /// Notes an index of a source; only what is genuine may be noted.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        let known = self.0.iter().position(|(source, _)| *source == ssrc);
        let at = known.unwrap_or_else(|| self.add(ssrc));
        if let Some(front) = self.0.get_mut(..=at) {
            front.rotate_right(1);
        }
        if let Some((_, window)) = self.0.first_mut() {
            window.note(index);
        }
    }

    fn add(&mut self, ssrc: u32) -> usize {
        self.0.truncate(SOURCES_MAX - 1);
        self.0.push((ssrc, Window::default()));
        self.0.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_that_was_quiet_longest_is_forgotten() {
        let mut sources = Sources::new();
        (0..16).for_each(|ssrc| sources.note(ssrc, 7));
        sources.note(0, 8);
        sources.note(99, 7);
        assert!(!sources.window(0).is_fresh(8));
        assert!(!sources.window(99).is_fresh(7));
        assert_eq!(sources.window(1), Window::default());
        assert_eq!(sources.0.len(), SOURCES_MAX);
    }
}
