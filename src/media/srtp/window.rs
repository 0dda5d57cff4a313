/// Indices behind the highest that are still told apart (RFC 3711 3.3.2: at least 64).
const WINDOW: u64 = 64;

/// The highest RTP index: 32 bits of roll-over counter, 16 of sequence number.
const RTP_INDEX_MAX: u64 = (1 << 48) - 1;

/// Which indices of one source were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    highest: Option<u64>,
    /// Bit n: the index n behind the highest was seen.
    seen: u64,
}

impl Window {
    /// The index that a sequence number most likely stands for (RFC 3711 3.3.1); none past the end of a key's life.
    pub(super) fn index_of(&self, sequence: u16) -> Option<u64> {
        let Some(highest) = self.highest else {
            return Some(sequence.into());
        };
        let ahead = sequence.wrapping_sub(highest as u16).cast_signed();
        let index = highest.checked_add_signed(ahead.into());
        // Before the first roll-over nothing lies behind zero: such a sequence number is far ahead.
        let index = index.unwrap_or(sequence.into());
        (index <= RTP_INDEX_MAX).then_some(index)
    }

    /// Whether an index is new, and not too old to tell.
    pub(super) fn is_fresh(&self, index: u64) -> bool {
        let Some(highest) = self.highest else {
            return true;
        };
        match highest.checked_sub(index) {
            Some(behind) if behind < WINDOW => self.seen >> behind & 1 == 0,
            Some(_) => false,
            None => true,
        }
    }

    /// Whether an index comes after all others: a sender's must.
    pub(super) fn is_ahead(&self, index: u64) -> bool {
        self.highest.is_none_or(|highest| index > highest)
    }

    /// Notes an index that was used; only what is genuine may be noted.
    pub(super) fn note(&mut self, index: u64) {
        let highest = *self.highest.get_or_insert(index);
        match index.checked_sub(highest) {
            Some(ahead) => {
                let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
                self.highest = Some(index);
            }
            None => {
                let behind = u32::try_from(highest - index).unwrap_or(u32::MAX);
                self.seen |= 1u64.checked_shl(behind).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(indices: &[u64]) -> Window {
        let mut window = Window::default();
        indices.iter().for_each(|index| window.note(*index));
        window
    }

    #[test]
    fn an_index_is_let_in_once_and_while_it_is_in_the_window() {
        let window = after(&[100, 163, 120]);
        for (index, fresh) in [
            (99, false),
            (100, false),
            (101, true),
            (120, false),
            (163, false),
        ] {
            assert_eq!(window.is_fresh(index), fresh, "{index}");
        }
        assert!(window.is_fresh(164) && window.is_ahead(164) && !window.is_ahead(163));
        assert!(!after(&[100, 164]).is_fresh(100));
        assert!(after(&[5, 5_000]).is_fresh(4_999));
    }

    #[test]
    fn sequence_numbers_roll_over_and_back() {
        let window = after(&[65_530]);
        assert_eq!(window.index_of(65_535), Some(65_535));
        assert_eq!(window.index_of(2), Some(65_538));
        let window = after(&[65_538]);
        assert_eq!(window.index_of(65_535), Some(65_535));
        assert_eq!(window.index_of(3), Some(65_539));
        assert_eq!(after(&[3]).index_of(65_000), Some(65_000));
    }

    #[test]
    fn a_key_ends_with_its_last_index() {
        let window = after(&[RTP_INDEX_MAX]);
        assert_eq!(window.index_of(65_535), Some(RTP_INDEX_MAX));
        assert_eq!(window.index_of(0), None);
    }
}
