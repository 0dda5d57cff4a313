//! Sound -> the call's words.

use crate::call::{Input, LegNews, PhraseNews, Utterance};
use crate::media::{Report, Sign};
use crate::records::What;
use crate::words::{CallId, Key, Moment, Party};

use super::calls::Saying;
use super::keys_once::Road;
use super::{Desk, sound};

impl Desk {
    pub(super) fn media_report(&mut self, report: Report, now: Moment) {
        match report {
            Report::Started {
                leg,
                utterance,
                ssrc,
                sequence,
                timestamp,
                at,
            } => {
                if let Some((id, to)) = self.calls.of_sound(leg) {
                    self.phrase_started(id, to, utterance, (ssrc, sequence, timestamp), at);
                }
            }
            Report::Ended {
                leg,
                utterance,
                whole,
                at,
            } => {
                if let Some((id, to)) = self.calls.of_sound(leg) {
                    self.phrase_ended(id, to, utterance, whole, at);
                }
            }
            Report::Key { leg, key, .. } => {
                if let Some((id, party)) = self.calls.of_sound(leg) {
                    self.key(id, party, key, Road::Sound, now);
                }
            }
            Report::Voice {
                leg,
                speaking,
                since,
            } => {
                if let Some((id, party)) = self.calls.of_sound(leg) {
                    self.note(id, What::Voice { party, speaking }, now);
                    self.later(
                        id,
                        Input::Voice {
                            party,
                            speaking,
                            since,
                        },
                    );
                }
            }
            Report::Line { leg, verdict, .. } => {
                if let Some((id, party)) = self.calls.of_sound(leg) {
                    self.line(id, party, verdict, now);
                }
            }
            Report::Sign { leg, sign } => {
                if let Some((id, Party::Caller)) = self.calls.of_sound(leg) {
                    self.sign(id, sign, now);
                }
            }
            Report::Quality { leg, quality, .. } => {
                if let Some((id, party)) = self.calls.of_sound(leg) {
                    self.quality(id, party, quality, now);
                }
            }
            Report::FirstSent { .. } | Report::FirstReceived { .. } => {}
            Report::Closed { stats, .. } => self.chronicle.leg_closed(&stats),
        }
        self.settle(now);
    }

    fn being_said(&self, id: CallId, utterance: u64) -> Option<Saying> {
        self.calls
            .get(id)?
            .saying
            .get(&Utterance(utterance))
            .cloned()
    }

    fn no_longer_said(&mut self, id: CallId, utterance: u64) -> Option<Saying> {
        self.calls.get_mut(id)?.saying.remove(&Utterance(utterance))
    }

    fn phrase_started(
        &mut self,
        id: CallId,
        to: Party,
        utterance: u64,
        (ssrc, sequence, timestamp): (u32, u16, u32),
        at: Moment,
    ) {
        if let Some(Saying {
            phrase,
            language,
            not_before,
        }) = self.being_said(id, utterance)
        {
            if phrase == self.house.terms.policy.hold.still {
                let off = at.since(not_before).as_secs_f64();
                self.chronicle.metrics.hold_phrase_off.observe(off);
            }
            let what = What::PhraseStarted {
                to,
                phrase,
                language,
                utterance,
                ssrc,
                sequence,
                timestamp,
            };
            self.note(id, what, at);
        }
        self.later(id, Input::Phrase(Utterance(utterance), PhraseNews::Started));
    }

    fn phrase_ended(&mut self, id: CallId, to: Party, utterance: u64, whole: bool, at: Moment) {
        if let Some(Saying { phrase, .. }) = self.no_longer_said(id, utterance) {
            self.note(
                id,
                What::PhraseEnded {
                    to,
                    phrase,
                    utterance,
                    whole,
                },
                at,
            );
        }
        self.later(
            id,
            Input::Phrase(Utterance(utterance), PhraseNews::Ended { whole }),
        );
    }

    /// A key is kept in the timeline only where it answers us: it may be half of a password.
    pub(super) fn key(&mut self, id: CallId, party: Party, key: Key, road: Road, now: Moment) {
        let leg = self.calls.leg_mut(id, party);
        if leg.is_some_and(|leg| !leg.keys.is_new(key, road, now)) {
            return;
        }
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let answers_us = call.call.question().is_some() || party == Party::Target;
        self.note(
            id,
            What::Key {
                party,
                key: answers_us.then_some(key),
            },
            now,
        );
        self.later(id, Input::Key(party, key));
    }

    /// Something was heard of whom we call.
    fn sign(&mut self, id: CallId, sign: Sign, now: Moment) {
        let sign = sound::sign(sign);
        let word = sign.as_str().to_owned();
        self.note(id, What::Sign { sign: word }, now);
        self.later(id, Input::Sign(sign));
    }

    fn line(&mut self, id: CallId, party: Party, verdict: crate::media::Verdict, now: Moment) {
        let word = sound::line(verdict).as_str();
        if let Some(call) = self.calls.get_mut(id) {
            call.facts.lines.insert(party, word);
        }
        self.note(
            id,
            What::Line {
                party,
                verdict: word.to_owned(),
            },
            now,
        );
        match sound::loss(verdict).filter(|_| party != Party::Caller) {
            Some(news) => self.lost_without_a_word(id, party, news, now),
            None => self.later(id, Input::Line(party, sound::line(verdict))),
        }
    }

    /// Their port is closed: the leg is ended by us, and the call goes on without it (D6).
    fn lost_without_a_word(&mut self, id: CallId, party: Party, news: LegNews, now: Moment) {
        let leg = self.calls.take_leg(id, party);
        if let Some(port) = leg.as_ref().and_then(|leg| leg.port) {
            self.sound.close(port.key);
        }
        let sip = leg.and_then(|leg| leg.sip);
        let hop = sip.and_then(|sip| self.signalling.endpoint.peer_of(sip));
        if let Some(sip) = sip
            && let Err(problem) = self
                .signalling
                .endpoint
                .bye(sip, Some("Q.850;cause=27"), now)
        {
            tracing::debug!(call = %id, party = %party, %problem, "hang up a lost leg");
        }
        if party == Party::Rep {
            self.drop_second_call(id, now);
            self.release_seat(id, now);
            hop.into_iter().for_each(|hop| self.phone_gone(hop, now));
        }
        self.leg_news(id, party, news, None, now);
    }
}
