use std::sync::Arc;

use super::follow::Following;
use super::repertoire::{BLOCK, FRAME, Reference, Repertoire};
use super::search::Search;
use super::tape::Tape;
use super::verdict::Heard;

/// Candidates followed at once; beyond it the least like is forgotten.
const FOLLOWED_MAX: usize = 64;
/// Candidates this near each other (0.5 s) are rivals: they are judged together.
const RIVALS_WITHIN: i64 = 4000;
/// The evidence a phrase needs; a clean frame of 20 ms gives 0.5.
const EVIDENCE_MIN: f32 = 2.5;
/// With less evidence it may be a like syllable of another phrase in the same voice: it must then be very like.
const EVIDENCE_SURE: f32 = 6.0;
const SCORE_SURE: f32 = 0.85;
/// The likeness over all that was heard of it a phrase needs in any case.
const SCORE_MIN: f32 = 0.3;
/// How far, 120 ms, a phrase may begin before the one it replaces is known to have ended.
const OVERLAP: i64 = 6 * FRAME as i64;

/// Listens to one stream of 8 kHz samples, without gaps: what is missing is filled with zeros by whoever has the timestamps.
pub struct Ear {
    repertoire: Arc<Repertoire>,
    tape: Tape,
    search: Search,
    /// In order of their beginning.
    followed: Vec<Following>,
}

/// All phrases in a finished recording.
pub fn hear_all(repertoire: Arc<Repertoire>, samples: &[i16]) -> Vec<Heard> {
    let mut ear = Ear::sharing(repertoire);
    let mut heard = Vec::new();
    for part in samples.chunks(BLOCK) {
        heard.extend(ear.listen(part));
    }
    heard.extend(ear.finish());
    heard
}

impl Ear {
    pub fn new(references: Vec<Reference>) -> Self {
        Self::sharing(Arc::new(Repertoire::new(references)))
    }

    /// Many ears may share what they know.
    pub fn sharing(repertoire: Arc<Repertoire>) -> Self {
        Self {
            tape: Tape::new(),
            search: Search::new(&repertoire),
            followed: Vec::new(),
            repertoire,
        }
    }

    /// Takes what came next; returns the phrases that are now known to have ended, about a second after they did.
    pub fn listen(&mut self, samples: &[i16]) -> Vec<Heard> {
        self.tape.push(samples);
        for candidate in self.search.go_on(&self.tape, &self.repertoire) {
            self.followed.push(Following::new(candidate));
        }
        self.follow();
        self.forget_the_least_like();
        let heard = self.judge();
        self.forget_the_past();
        heard
    }

    /// Returns what was still open when the stream ended.
    pub fn finish(mut self) -> Vec<Heard> {
        let silence = vec![0; BLOCK];
        let blocks = self.repertoire.longest / BLOCK + 2;
        (0..blocks).flat_map(|_| self.listen(&silence)).collect()
    }

    fn follow(&mut self) {
        for following in &mut self.followed {
            following.go_on(
                &self.tape,
                &self.repertoire.phrases[following.candidate.phrase],
            );
        }
        self.followed
            .retain(|one| !one.is_decided() || one.evidence() >= EVIDENCE_MIN);
    }

    fn forget_the_least_like(&mut self) {
        self.followed
            .sort_by(|a, b| b.candidate.likeness.total_cmp(&a.candidate.likeness));
        self.followed.truncate(FOLLOWED_MAX);
        self.followed.sort_by_key(|one| one.candidate.sounds_at);
    }

    /// Decides between rivals once all of them have ended.
    fn judge(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Some(first) = self.followed.first() {
            let until = first.candidate.sounds_at.saturating_add(RIVALS_WITHIN);
            let rivals = self
                .followed
                .partition_point(|one| one.candidate.sounds_at <= until);
            let all_ended = self.followed.iter().take(rivals).all(Following::is_decided);
            let ends = self.followed.iter().take(rivals).map(Following::ends_at);
            let searched = self.search.position() > ends.fold(until, i64::max);
            if !searched || !all_ended {
                break;
            }
            heard.extend(self.choose(rivals));
        }
        heard.sort_by_key(|heard: &Heard| heard.began_at_sample);
        heard
    }

    /// The likeliest of the first `rivals` wins; whatever else seemed to sound meanwhile was it, or is what cut it.
    fn choose(&mut self, rivals: usize) -> Option<Heard> {
        let rivals = self.followed.iter().enumerate().take(rivals);
        let (winner, _) = rivals.max_by(|(_, a), (_, b)| a.evidence().total_cmp(&b.evidence()))?;
        let mut winner = self.followed.remove(winner);
        let others = self.followed.iter();
        if let Some(cut_by) = others
            .filter(|one| winner.is_cut_by(one))
            .min_by_key(|one| one.candidate.sounds_at)
        {
            winner.end_before(cut_by.candidate.sounds_at);
        }
        let begins = winner.candidate.sounds_at;
        let ends = winner.ends_at();
        self.followed.retain(|one| {
            one.ends_at() <= begins + OVERLAP || one.candidate.sounds_at + OVERLAP >= ends
        });
        let phrase = &self.repertoire.phrases[winner.candidate.phrase];
        let heard = winner.heard(&self.tape, phrase);
        let score_min = if winner.evidence() < EVIDENCE_SURE {
            SCORE_SURE
        } else {
            SCORE_MIN
        };
        (heard.score >= score_min).then_some(heard)
    }

    /// Every candidate has ended a phrase's length after its beginning: what is kept is bounded.
    fn forget_the_past(&mut self) {
        let first = self.followed.first().map(|one| one.candidate.sounds_at);
        let needed = first.unwrap_or(i64::MAX).min(self.search.position());
        self.tape.forget_before(needed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ear::{Ended, Gap};
    use crate::words::{Entropy, Language};

    /// Something like a voice: noise whose loudness changes five times a second.
    fn voice(seed: u64, length: usize) -> Vec<i16> {
        let mut dice = Entropy::from_number(seed);
        let mut one = || f32::from(dice.u16()) / 32768.0 - 1.0;
        (0..length)
            .map(|n| 3000.0 * one() * (1.2 + (n as f32 / 255.0).sin()))
            .map(|sample| sample as i16)
            .collect()
    }

    fn reference(name: &str, samples: Vec<i16>) -> Reference {
        Reference {
            prompt: name.parse().unwrap(),
            language: Language::En,
            samples,
        }
    }

    /// Three phrases; the first two share their first second.
    fn repertoire() -> Arc<Repertoire> {
        let references = vec![
            reference("lookup", [voice(1, 8000), voice(2, 8000)].concat()),
            reference("consult", [voice(1, 8000), voice(3, 12_000)].concat()),
            reference("closing", voice(4, 9000)),
        ];
        Arc::new(Repertoire::new(references))
    }

    fn told(heard: &[Heard]) -> Vec<(&str, u64, Ended)> {
        let one = |heard: &Heard| (heard.began_at_sample, heard.ended);
        heard
            .iter()
            .map(|heard| (heard.prompt.as_str(), one(heard).0, one(heard).1))
            .collect()
    }

    #[test]
    fn phrases_that_begin_alike_are_told_by_what_follows() {
        let stream = [
            vec![0; 5001],
            [voice(1, 8000), voice(3, 12_000)].concat(),
            vec![0; 3000],
            [voice(1, 8000), voice(2, 8000)].concat(),
        ]
        .concat();
        let heard = hear_all(repertoire(), &stream);
        assert_eq!(
            told(&heard),
            [
                ("consult", 5001, Ended::Whole),
                ("lookup", 28_001, Ended::Whole)
            ]
        );
    }

    #[test]
    fn a_repeated_phrase_is_heard_each_time() {
        let stream = [voice(4, 9000), voice(4, 9000), vec![0; 777], voice(4, 9000)].concat();
        let heard = hear_all(repertoire(), &stream);
        let began: Vec<u64> = heard.iter().map(|heard| heard.began_at_sample).collect();
        assert_eq!(began, [0, 9000, 18_777]);
    }

    #[test]
    fn a_phrase_cut_by_another_ends_where_the_other_begins() {
        let stream = [voice(4, 3000), voice(1, 8000), voice(2, 8000)].concat();
        let heard = hear_all(repertoire(), &stream);
        assert_eq!(heard[0].prompt.as_str(), "closing");
        let Ended::Cut { at_sample } = heard[0].ended else {
            panic!("{heard:?}");
        };
        assert!(at_sample.abs_diff(3000) <= 320, "{at_sample}");
        assert_eq!(told(&heard[1..]), [("lookup", 3000, Ended::Whole)]);
    }

    #[test]
    fn a_hole_over_40_ms_is_told_as_a_gap_and_a_shorter_one_is_not() {
        let mut stream = voice(4, 9000);
        stream[2000..2800].fill(0);
        stream[5000..5300].fill(0);
        let heard = hear_all(repertoire(), &stream);
        assert_eq!(told(&heard), [("closing", 0, Ended::Whole)]);
        let [Gap { at_sample, samples }] = heard[0].gaps[..] else {
            panic!("{heard:?}");
        };
        assert!(at_sample.abs_diff(2000) <= 40 && samples.abs_diff(800) <= 80);
    }

    #[test]
    fn crumbs_are_heard_as_the_whole() {
        let stream = [
            vec![0; 1234],
            voice(4, 9000),
            voice(1, 8000),
            voice(2, 8000),
        ]
        .concat();
        let mut ear = Ear::sharing(repertoire());
        let mut heard: Vec<Heard> = stream
            .chunks(97)
            .flat_map(|crumb| ear.listen(crumb))
            .collect();
        heard.extend(ear.finish());
        assert_eq!(heard, hear_all(repertoire(), &stream));
        assert_eq!(heard.len(), 2);
    }

    #[test]
    fn a_phrase_is_told_within_two_seconds_of_its_end() {
        let mut ear = Ear::sharing(repertoire());
        let mut heard = ear.listen(&voice(4, 9000));
        let mut waited = 0;
        while heard.is_empty() && waited < 80_000 {
            heard = ear.listen(&[0; 160]);
            waited += 160;
        }
        assert!(waited <= 16_000, "{waited} samples");
    }

    #[test]
    fn minutes_of_sound_leave_no_more_than_the_longest_phrase_needs() {
        let mut ear = Ear::sharing(repertoire());
        for minute in 0..3 {
            ear.listen(&voice(100 + minute, 480_000));
            ear.listen(&voice(4, 9000));
        }
        assert!(ear.tape.len() < 100_000);
        assert!(ear.followed.len() <= FOLLOWED_MAX);
    }

    #[test]
    fn silence_and_nothing_are_no_phrase() {
        assert_eq!(hear_all(repertoire(), &[0; 80_000]), []);
        assert_eq!(hear_all(repertoire(), &[]), []);
        assert_eq!(
            hear_all(Arc::new(Repertoire::new(Vec::new())), &voice(4, 9000)),
            []
        );
    }
}
