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
/// The likeness over all that was heard of it a phrase needs.
const SCORE_MIN: f32 = 0.3;
/// How far, 60 ms, a phrase may begin before the one it replaces is known to have ended.
const OVERLAP: i64 = 3 * FRAME as i64;

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
            if self.search.position() <= until || !all_ended {
                break;
            }
            heard.extend(self.choose(rivals));
        }
        heard
    }

    /// The likeliest of the first `rivals` wins; whatever else seemed to sound meanwhile was it.
    fn choose(&mut self, rivals: usize) -> Option<Heard> {
        let rivals = self.followed.iter().enumerate().take(rivals);
        let (winner, _) = rivals.max_by(|(_, a), (_, b)| a.evidence().total_cmp(&b.evidence()))?;
        let winner = self.followed.remove(winner);
        let begins = winner.candidate.sounds_at;
        let ends = winner.ends_at();
        self.followed.retain(|one| {
            one.ends_at() <= begins + OVERLAP || one.candidate.sounds_at + OVERLAP >= ends
        });
        let phrase = &self.repertoire.phrases[winner.candidate.phrase];
        let heard = winner.heard(&self.tape, phrase);
        (heard.score >= SCORE_MIN).then_some(heard)
    }

    fn forget_the_past(&mut self) {
        let longest = i64::try_from(self.repertoire.longest).unwrap_or(i64::MAX);
        let first = self.followed.first().map(|one| one.candidate.sounds_at);
        let needed = first.unwrap_or(i64::MAX).min(self.search.position());
        // A reference's own leading silence is never looked at, but its length is not known here.
        let oldest = self
            .tape
            .end()
            .saturating_sub(longest.saturating_add(8 * BLOCK as i64));
        self.tape.forget_before(needed.max(oldest));
    }
}
