use crate::words::Glob;

/// Which headset's buttons are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// The sound card that is in use: its own buttons, and nobody else's.
    pub card: Option<UsbId>,
    /// By name, the most wished first, for where no card is known by its id or it has no buttons.
    pub prefer: Vec<Glob>,
}

/// Who made a USB device, and which of his it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsbId {
    pub vendor: u16,
    pub product: u16,
}

impl UsbId {
    /// Reads what sound servers and `lsusb` write: `0b0e:24c9`.
    pub fn read(text: &str) -> Option<Self> {
        let (vendor, product) = text.split_once(':')?;
        Some(Self {
            vendor: u16::from_str_radix(vendor, 16).ok()?,
            product: u16::from_str_radix(product, 16).ok()?,
        })
    }
}

/// A device of the telephony page that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Where the system keeps it.
    pub(super) path: String,
    pub(super) id: UsbId,
    pub(super) name: String,
}

/// Those that are sought, the best first; every one where nothing is said of it.
pub(super) fn ranked(mut candidates: Vec<Candidate>, sought: &Sought) -> Vec<Candidate> {
    candidates.sort_by(|one, other| one.path.cmp(&other.path));
    candidates.dedup_by(|one, other| one.path == other.path);
    if sought.card.is_none() && sought.prefer.is_empty() {
        return candidates;
    }
    let ranks = candidates
        .into_iter()
        .filter_map(|candidate| Some((rank(&candidate, sought)?, candidate)));
    let mut ranks: Vec<(usize, Candidate)> = ranks.collect();
    ranks.sort_by_key(|(rank, _)| *rank);
    ranks.into_iter().map(|(_, candidate)| candidate).collect()
}

/// 0 is the card's own; None where nobody wants it.
fn rank(candidate: &Candidate, sought: &Sought) -> Option<usize> {
    if sought.card == Some(candidate.id) {
        return Some(0);
    }
    let mut wishes = sought.prefer.iter();
    let at = wishes.position(|wish| wish.fits(&candidate.name));
    at.map(|at| at.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JABRA: UsbId = UsbId {
        vendor: 0x0B0E,
        product: 0x24C9,
    };

    fn there() -> Vec<Candidate> {
        let candidate = |path: &str, vendor, name: &str| Candidate {
            path: path.to_owned(),
            id: UsbId {
                vendor,
                product: 0x24C9,
            },
            name: name.to_owned(),
        };
        vec![
            candidate("/dev/hidraw2", 0x047F, "Poly BT700"),
            candidate("/dev/hidraw1", 0x0B0E, "Jabra Link 380"),
            candidate("/dev/hidraw1", 0x0B0E, "Jabra Link 380"),
            candidate("/dev/hidraw0", 0x413C, "Dell SP325"),
        ]
    }

    fn names(sought: &Sought) -> Vec<String> {
        let fit = ranked(there(), sought);
        fit.into_iter().map(|candidate| candidate.name).collect()
    }

    #[test]
    fn an_id_is_read_as_sound_servers_write_it() {
        assert_eq!(UsbId::read("0b0e:24C9"), Some(JABRA));
        assert_eq!(UsbId::read("0b0e"), None);
        assert_eq!(UsbId::read("headset:1"), None);
    }

    #[test]
    fn the_cards_own_buttons_come_first_and_strangers_not_at_all() {
        let mut sought = Sought {
            card: Some(JABRA),
            prefer: vec!["poly*".parse().unwrap()],
        };
        assert_eq!(names(&sought), ["Jabra Link 380", "Poly BT700"]);
        sought.prefer.clear();
        assert_eq!(names(&sought), ["Jabra Link 380"]);
    }

    #[test]
    fn without_a_card_names_are_taken_in_the_order_of_the_wishes() {
        let sought = Sought {
            card: None,
            prefer: ["Poly*", "*"].map(|wish| wish.parse().unwrap()).to_vec(),
        };
        assert_eq!(
            names(&sought),
            ["Poly BT700", "Dell SP325", "Jabra Link 380"]
        );
    }

    #[test]
    fn who_wishes_nothing_gets_every_one_once() {
        let all = ["Dell SP325", "Jabra Link 380", "Poly BT700"];
        assert_eq!(names(&Sought::default()), all);
    }
}
