use thirdring::ear::hear_all;
use thirdring::words::{Entropy, Language};

use super::line::Line;
use super::{SENTENCE, repertoire, spoken};

/// Between two digits that are read out.
const PAUSE: usize = 1_600;

#[test]
fn digits_read_out_are_heard_each_in_its_turn() {
    let mut dice = Entropy::from_number(11);
    for language in Language::ALL {
        let digits: Vec<_> = spoken(language)
            .into_iter()
            .filter(|it| it.samples.len() <= SENTENCE)
            .collect();
        assert_eq!(digits.len(), 10);
        let number: Vec<_> = (0..40).map(|_| &digits[dice.below(10) as usize]).collect();
        let mut stream = vec![0; SENTENCE];
        for digit in &number {
            stream.extend(&digit.samples);
            stream.resize(stream.len() + PAUSE, 0);
        }
        stream.resize(stream.len() + SENTENCE, 0);
        for line in [Line::ALaw, Line::MuLaw] {
            let heard = hear_all(repertoire(), &line.carry(&stream, 1500.0, &mut dice));
            let heard: Vec<_> = heard.iter().map(|it| it.prompt.clone()).collect();
            let said: Vec<_> = number.iter().map(|it| it.prompt.clone()).collect();
            assert_eq!(heard, said, "{language} {line:?}");
        }
    }
}
