//! What happened, in order, for the events, the files, the metrics and the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::console::{EventLog, Metrics};
use crate::media::Stats;
use crate::policy::Policy;
use crate::records::{Entry, What};
use crate::sip;
use crate::sip::registrar::Judgements;
use crate::words::{CallId, Moment};

use super::clock;
use super::keeper::{Job, Keeper};
use super::media_thread::MediaCounts;
use super::vows::Vows;

/// Writes down what happened.
#[derive(Debug)]
pub(super) struct Chronicle {
    pub(super) events: Arc<EventLog>,
    pub(super) metrics: Arc<Metrics>,
    keeper: Keeper,
    pub(super) vows: Vows,
    seq: u64,
    fast: bool,
}

/// The call an entry is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) call: CallId,
    pub(super) sip_call_id: &'a str,
}

impl Chronicle {
    pub(super) fn new(
        events: Arc<EventLog>,
        metrics: Arc<Metrics>,
        keeper: Keeper,
        vows: Vows,
        fast: bool,
    ) -> Self {
        Self {
            events,
            metrics,
            keeper,
            vows,
            seq: 0,
            fast,
        }
    }

    /// Of calls from now on other things are owed.
    pub(super) fn renew(&mut self, policy: &Policy) {
        self.fast = policy.fast;
        let notice = policy.recording.notice.clone();
        self.vows.renew(policy.hold.every.get(), notice);
    }

    /// When it was written down, by the wall clock.
    pub(super) fn note(&mut self, about: Option<About<'_>>, what: What, now: Moment) -> Timestamp {
        let entry = self.entry(about, what, now);
        if let Some(vow) = self.vows.judge(&entry) {
            error!(
                call = entry.call.map(tracing::field::debug),
                vow, "a vow is broken"
            );
        }
        self.count(&entry.what);
        self.log(&entry);
        if entry.call.is_some() {
            self.keeper.spare(Job::Entry(entry.clone()));
        } else if matches!(entry.what, What::Seat(_)) {
            self.keeper.spare(Job::Seat(entry.clone()));
        }
        let utc = entry.utc;
        self.events.push(entry);
        utc
    }

    /// A note that the rep wrote after the call: no vow and no record is about it any more.
    pub(super) fn note_afterwards(&mut self, about: About<'_>, text: &str, now: Moment) {
        let text = text.to_owned();
        let entry = self.entry(Some(about), What::Note { text }, now);
        self.log(&entry);
        self.keeper.spare(Job::Afterwards(entry.clone()));
        self.events.push(entry);
    }

    fn entry(&mut self, about: Option<About<'_>>, what: What, now: Moment) -> Entry {
        self.seq += 1;
        Entry {
            seq: self.seq,
            at: now,
            utc: clock::utc(),
            call: about.map(|about| about.call),
            sip_call_id: about.map(|about| about.sip_call_id.to_owned()),
            what,
        }
    }

    pub(super) fn leg_closed(&self, stats: &Stats) {
        let packets = [
            ("sent", u64::from(stats.sent)),
            ("received", u64::from(stats.received)),
            ("lost", u64::from(stats.lost)),
            ("stranger", stats.strangers),
            ("discarded", stats.discarded),
            ("forged", stats.forged),
        ];
        for (cause, count) in packets {
            self.metrics.rtp_packets(cause, count);
        }
    }

    /// What is counted where it arises.
    pub(super) fn follow_counts(&self, sip: &sip::Counters, media: &MediaCounts, unsent: u64) {
        for (cause, count) in sip.discarded() {
            self.metrics.datagrams_discarded(cause.as_str(), *count);
        }
        for (status, count) in sip.refused() {
            self.metrics.requests_refused(*status, *count);
        }
        self.metrics.strangers_refused(sip.strangers());
        let late = media.late.load(Ordering::Relaxed);
        let counted = self.metrics.media_frames_late.get();
        self.metrics
            .media_frames_late
            .inc_by(late.saturating_sub(counted));
        let lost = [
            ("sip-unsent", unsent),
            ("rtp-unsent", media.unsent.load(Ordering::Relaxed)),
            ("voice-blocks", media.unasked.load(Ordering::Relaxed)),
            ("reports", media.reports_lost.load(Ordering::Relaxed)),
            ("timeline-entries", self.keeper.dropped()),
        ];
        for (cause, count) in lost {
            self.metrics.lost_inside(cause, count);
        }
    }

    /// How reps' phones prove themselves, or do not.
    pub(super) fn follow_logins(&self, judged: Option<&Judgements>) {
        for (judged, count) in judged.into_iter().flat_map(Judgements::iter) {
            self.metrics.phone_logins(judged.as_str(), count);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the others are counted where they arise"
    )]
    fn count(&self, what: &What) {
        match what {
            What::PhraseStarted { phrase, .. } => self.metrics.phrase_said(phrase),
            What::Ended { ending } => self.metrics.call_ended(*ending),
            _ => {}
        }
    }

    /// One line a fact; numbers are redacted by their type.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all others are logged alike"
    )]
    fn log(&self, entry: &Entry) {
        let call = entry.call.map(tracing::field::debug);
        let fast = self.fast.then_some("FAST");
        match &entry.what {
            What::Alarm { alarm } => warn!(call, fast, alarm = alarm.as_str(), "alarm"),
            What::Note { .. } => info!(call, fast, "note taken"),
            what => info!(call, fast, what = ?what, "call event"),
        }
    }
}
