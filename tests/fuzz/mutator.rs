use thirdring::words::Entropy;

/// The longest input, in bytes.
const INPUT_MAX: usize = 8_192;
/// The most changes made to one seed.
const CHANGES_MAX: u32 = 8;

/// What parsers look for: put anywhere.
const WORDS: [&str; 36] = [
    "\r\n",
    "\n",
    "\r\n\r\n",
    "\r\n ",
    "\0",
    "\u{7f}",
    " ",
    "\t",
    ";",
    ",",
    ":",
    "::",
    "@",
    "<",
    ">",
    "\"",
    "\\",
    "%",
    "%00",
    "[",
    "]",
    "=",
    "?",
    "/",
    "*",
    "--",
    "0",
    "-1",
    "4294967296",
    "99999999999999999999",
    "SIP/2.0",
    "\u{738b}",
    "Content-Length: ",
    "Via: ",
    "Contact: *",
    ";rport;maddr=255.255.255.255",
];

/// Makes inputs out of seeds: the same number, the same input.
pub(super) struct Mutator {
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    pub(super) fn new(seeds: Vec<Vec<u8>>) -> Self {
        Self { seeds }
    }

    pub(super) fn input(&self, number: u64) -> Vec<u8> {
        let mut dice = Entropy::from_number(number);
        let mut input = self.seed(&mut dice);
        for _ in 0..=dice.below(CHANGES_MAX) {
            self.change(&mut input, &mut dice);
        }
        input.truncate(INPUT_MAX);
        input
    }

    fn seed(&self, dice: &mut Entropy) -> Vec<u8> {
        self.seeds[below(dice, self.seeds.len())].clone()
    }

    fn change(&self, input: &mut Vec<u8>, dice: &mut Entropy) {
        let from = below(dice, input.len() + 1);
        let to = (from + below(dice, 64)).min(input.len());
        match dice.below(8) {
            0 => input.truncate(from),
            1 => drop(input.drain(from..to)),
            2 => insert(input, from, WORDS[below(dice, WORDS.len())].as_bytes()),
            3 => {
                let piece = input[from..to].repeat(1 + below(dice, 20));
                insert(input, from, &piece);
            }
            4 => {
                let other = self.seed(dice);
                input.truncate(from);
                input.extend(&other[below(dice, other.len())..]);
            }
            5 => {
                let piece: Vec<u8> = input.drain(from..to).collect();
                insert(input, below(dice, input.len() + 1), &piece);
            }
            _ => input[from..to]
                .iter_mut()
                .take(2)
                .for_each(|byte| *byte = dice.bytes::<1>()[0]),
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

/// A place among `limit`, which is at least 1 and small.
fn below(dice: &mut Entropy, limit: usize) -> usize {
    dice.below(u32::try_from(limit).expect("inputs are short")) as usize
}
