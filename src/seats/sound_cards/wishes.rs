use super::card::{Card, CardName, Half};
use crate::words::Glob;

/// Which devices a rep wants as his headset, best first.
#[derive(Clone, Debug)]
pub struct Wishes(Vec<Glob>);

/// Both halves of what is worn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub ear: CardName,
    pub microphone: CardName,
}

impl Wishes {
    pub fn new(globs: &[Glob]) -> Self {
        Self(globs.to_vec())
    }

    /// The headset to use of what is there now.
    ///
    /// The earlier wish wins; within one, a device with both halves before two devices with one half each. Where no
    /// wish has both, ear and microphone are those of the earliest wish each. What is not plugged in is not chosen.
    pub fn choose(&self, cards: &[Card]) -> Option<Pair> {
        let plugged: Vec<&Card> = cards.iter().filter(|card| card.state.plugged).collect();
        let by_wish = |wish: &Glob| {
            let wished = Halves::of(plugged.iter().copied().filter(|card| fits(wish, card)));
            let all = Halves::of(plugged.iter().copied());
            wished.of_one_device(&all).or_else(|| wished.first())
        };
        self.0
            .iter()
            .find_map(by_wish)
            .or_else(|| self.pieced_together(&plugged))
    }

    /// A loudspeaker to ring on that is not the ear of a headset.
    pub fn choose_loudspeaker(&self, cards: &[Card], headset: Option<&Pair>) -> Option<CardName> {
        let headset = headset.map(|pair| &pair.ear);
        let plugged = cards.iter().filter(|card| card.state.plugged);
        let others: Vec<&Card> = plugged.filter(|card| Some(&card.name) != headset).collect();
        let by_wish = |wish: &Glob| {
            let wished = others.iter().copied().filter(|card| fits(wish, card));
            Halves::of(wished).ears.first().map(|ear| ear.name.clone())
        };
        self.0.iter().find_map(by_wish)
    }

    fn pieced_together(&self, plugged: &[&Card]) -> Option<Pair> {
        let earliest = |half: Half| {
            let of_half = || plugged.iter().filter(move |card| card.half == half);
            self.0
                .iter()
                .find_map(|wish| of_half().find(|card| fits(wish, card)))
        };
        Some(pair(earliest(Half::Ear)?, earliest(Half::Microphone)?))
    }
}

fn fits(wish: &Glob, card: &Card) -> bool {
    let form = card.form.as_deref();
    [
        Some(card.description.as_str()),
        Some(card.name.as_str()),
        form,
    ]
    .into_iter()
    .flatten()
    .any(|text| wish.fits(text))
}

/// Devices by half; the system's default before others, then by name.
struct Halves<'a> {
    ears: Vec<&'a Card>,
    microphones: Vec<&'a Card>,
}

impl<'a> Halves<'a> {
    fn of(cards: impl Iterator<Item = &'a Card>) -> Self {
        let mut cards: Vec<&Card> = cards.collect();
        cards.sort_by_key(|card| (!card.is_default, &card.name));
        let (ears, microphones) = cards.into_iter().partition(|card| card.half == Half::Ear);
        Self { ears, microphones }
    }

    /// A device of which one half is wished; the other comes with it.
    fn of_one_device(&self, all: &Self) -> Option<Pair> {
        let one = |ears: &[&Card], microphones: &[&Card]| {
            ears.iter().find_map(|ear| {
                let with = microphones
                    .iter()
                    .find(|it| it.device.is_one_with(&ear.device))?;
                Some(pair(ear, with))
            })
        };
        one(&self.ears, &self.microphones)
            .or_else(|| one(&self.ears, &all.microphones))
            .or_else(|| one(&all.ears, &self.microphones))
    }

    fn first(&self) -> Option<Pair> {
        Some(pair(self.ears.first()?, self.microphones.first()?))
    }
}

fn pair(ear: &Card, microphone: &Card) -> Pair {
    Pair {
        ear: ear.name.clone(),
        microphone: microphone.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::sound_cards::card::{CardState, Device};

    const FINE: CardState = CardState {
        muted: false,
        volume_percent: 100,
        suspended: false,
        plugged: true,
    };

    fn card(half: Half, name: &str, description: &str, on_card: Option<u32>) -> Card {
        Card {
            name: CardName::new(name),
            description: description.to_owned(),
            half,
            form: None,
            device: Device {
                card: on_card,
                ..Device::default()
            },
            is_default: false,
            state: FINE,
        }
    }

    fn headset(maker: &str, on_card: u32) -> [Card; 2] {
        let named =
            |half, way: &str| card(half, &format!("{way}.usb-{maker}"), maker, Some(on_card));
        [named(Half::Ear, "out"), named(Half::Microphone, "in")]
    }

    fn chosen(wishes: &[&str], cards: &[Card]) -> Option<[String; 2]> {
        let wishes: Vec<Glob> = wishes.iter().map(|wish| wish.parse().unwrap()).collect();
        let pair = Wishes::new(&wishes).choose(cards)?;
        Some([pair.ear, pair.microphone].map(|name| name.to_string()))
    }

    fn both(maker: &str) -> Option<[String; 2]> {
        Some([format!("out.usb-{maker}"), format!("in.usb-{maker}")])
    }

    #[test]
    fn the_earlier_wish_wins_whatever_the_order_of_devices() {
        let cards = [headset("Poly Blackwire", 1), headset("Jabra Evolve", 2)].concat();
        assert_eq!(chosen(&["Jabra*", "Poly*"], &cards), both("Jabra Evolve"));
        assert_eq!(chosen(&["poly*", "jabra*"], &cards), both("Poly Blackwire"));
        assert_eq!(chosen(&["EPOS*"], &cards), None);
    }

    #[test]
    fn the_halves_of_one_device_belong_together() {
        let webcam = card(Half::Microphone, "a.usb-webcam", "Webcam", Some(7));
        let cards = [vec![webcam], headset("Jabra Evolve", 2).to_vec()].concat();
        assert_eq!(chosen(&["*usb*"], &cards), both("Jabra Evolve"));
    }

    #[test]
    fn a_wish_that_fits_one_half_brings_the_other_of_its_device() {
        let cards = [
            card(Half::Ear, "out.usb", "Jabra Evolve", Some(2)),
            card(Half::Microphone, "in.usb", "Mono", Some(2)),
            card(Half::Microphone, "in.pci", "Built-in", Some(0)),
        ];
        let expected = Some(["out.usb".to_owned(), "in.usb".to_owned()]);
        assert_eq!(chosen(&["Jabra*"], &cards), expected);
    }

    #[test]
    fn halves_without_a_device_are_taken_by_one_wish_or_by_several() {
        let cards = [
            card(Half::Ear, "out", "Sony", None),
            card(Half::Microphone, "in", "Yeti", None),
        ];
        let expected = Some(["out".to_owned(), "in".to_owned()]);
        assert_eq!(chosen(&["*"], &cards), expected);
        assert_eq!(chosen(&["Yeti", "Sony"], &cards), expected);
        assert_eq!(chosen(&["Yeti"], &cards), None);
    }

    #[test]
    fn an_empty_socket_is_not_chosen_and_a_muted_headset_is() {
        let mut cards = headset("Jabra Evolve", 2);
        cards[1].state.muted = true;
        assert_eq!(chosen(&["*"], &cards), both("Jabra Evolve"));
        cards[1].state.plugged = false;
        assert_eq!(chosen(&["*"], &cards), None);
    }

    #[test]
    fn what_the_maker_calls_it_counts_too() {
        let mut cards = headset("0x1234", 2);
        cards[0].form = Some("headset".to_owned());
        assert_eq!(chosen(&["Headset"], &cards), both("0x1234"));
    }

    #[test]
    fn the_default_of_the_system_goes_before_others_of_a_wish() {
        let mut cards = [headset("A", 1), headset("B", 2)].concat();
        cards[2].is_default = true;
        assert_eq!(chosen(&["*usb*"], &cards), both("B"));
    }
}
