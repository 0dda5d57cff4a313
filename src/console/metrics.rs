use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::words::{Ending, PromptId};

/// Everything `/metrics` tells; whoever counts holds it by `Arc`.
#[derive(Debug)]
pub struct Metrics {
    calls_ended: Family<EndingLabels, Counter>,
    phrases_said: Family<PhraseLabels, Counter>,
    datagrams_discarded: Family<CauseLabels, Counter>,
    api_requests: Family<ApiLabels, Counter>,
    calls_refused: Family<StatusLabels, Counter>,
    rtp_packets: Family<CauseLabels, Counter>,
    requests_refused: Family<StatusLabels, Counter>,
    strangers_refused: Counter,
    lost_inside: Family<CauseLabels, Counter>,
    registered: Family<AccountLabels, Gauge>,
    phone_logins: Family<CauseLabels, Counter>,
    connections_ended: Family<CauseLabels, Counter>,
    voice_mos: Family<DirectionLabels, Histogram>,
    seats: Family<StateLabels, Gauge>,
    pbx_codes: Family<ResultLabels, Counter>,
    policy: Family<HashLabels, Gauge>,
    provision_asked: Family<ResultLabels, Counter>,
    provision_serial: Gauge,
    seat_state: Family<StateLabels, Counter<f64, AtomicU64>>,
    pub calls_active: Gauge,
    /// Seats whose own phone is registered here.
    pub phones_registered: Gauge,
    /// What `/healthz` lists.
    pub alarms_standing: Gauge,
    pub promises_open: Gauge,
    /// Promises whose last attempt, by a seat of this desk, has no known end.
    pub promises_uncertain: Gauge,
    /// Promises that were over for as long as they are kept.
    pub promises_deleted: Counter,
    /// Turns of the media thread that came a frame (20 ms) or more after their time.
    pub media_frames_late: Counter,
    /// From an INVITE to our 180, in seconds.
    pub ringing_after: Histogram,
    /// How far the hold phrase began from its 15 s grid, in seconds.
    pub hold_phrase_off: Histogram,
    registry: Registry,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndingLabels {
    by: &'static str,
    because: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhraseLabels {
    phrase: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabels {
    direction: &'static str,
}

/// The grades of G.107 Annex B: nearly all dissatisfied below 2.58, very satisfied from 4.34.
const MOS: [f64; 6] = [2.58, 3.1, 3.6, 4.03, 4.2, 4.34];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AccountLabels {
    account: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HashLabels {
    hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiLabels {
    route: &'static str,
    status: u16,
}

/// 0.1 ms to 0.8 s: the aim is 2 ms, what can be heard is 40 ms.
const SECONDS: [f64; 14] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.8,
];

impl Default for Metrics {
    fn default() -> Self {
        Self::registered_in(Registry::with_prefix("thirdring"))
    }
}

impl Metrics {
    /// Adds ours to what `registry` already tells.
    pub fn registered_in(registry: Registry) -> Self {
        let mut metrics = Self {
            calls_ended: Family::default(),
            phrases_said: Family::default(),
            datagrams_discarded: Family::default(),
            api_requests: Family::default(),
            calls_refused: Family::default(),
            rtp_packets: Family::default(),
            requests_refused: Family::default(),
            strangers_refused: Counter::default(),
            lost_inside: Family::default(),
            registered: Family::default(),
            phone_logins: Family::default(),
            connections_ended: Family::default(),
            seats: Family::default(),
            pbx_codes: Family::default(),
            policy: Family::default(),
            provision_asked: Family::default(),
            provision_serial: Gauge::default(),
            seat_state: Family::default(),
            voice_mos: Family::new_with_constructor(|| Histogram::new(MOS)),
            calls_active: Gauge::default(),
            phones_registered: Gauge::default(),
            alarms_standing: Gauge::default(),
            promises_open: Gauge::default(),
            promises_uncertain: Gauge::default(),
            promises_deleted: Counter::default(),
            media_frames_late: Counter::default(),
            ringing_after: Histogram::new(SECONDS),
            hold_phrase_off: Histogram::new(SECONDS),
            registry,
        };
        metrics.register_calls();
        metrics.register_signalling();
        metrics.register_accounts();
        metrics.register_sound();
        metrics.register_seats();
        metrics.register_agent();
        metrics
    }

    fn register_calls(&mut self) {
        let to = &mut self.registry;
        to.register(
            "calls_ended",
            "Calls that are over, by who ended them and why",
            self.calls_ended.clone(),
        );
        to.register(
            "calls_refused",
            "Callers refused before they were answered, by SIP status",
            self.calls_refused.clone(),
        );
        to.register(
            "calls_active",
            "Calls that live now",
            self.calls_active.clone(),
        );
        to.register(
            "phrases_said",
            "Standard phrases begun",
            self.phrases_said.clone(),
        );
        to.register(
            "alarms_standing",
            "Alarms that are not over",
            self.alarms_standing.clone(),
        );
        to.register(
            "promises_open",
            "Callbacks promised and not yet kept",
            self.promises_open.clone(),
        );
        to.register(
            "promises_uncertain",
            "Callbacks of which nobody knows whether the customer was reached",
            self.promises_uncertain.clone(),
        );
        to.register(
            "promises_deleted",
            "Callbacks deleted because they were over for as long as they are kept",
            self.promises_deleted.clone(),
        );
        to.register_with_unit(
            "hold_phrase_off",
            "How far the hold phrase began from its grid",
            Unit::Seconds,
            self.hold_phrase_off.clone(),
        );
    }

    fn register_signalling(&mut self) {
        let to = &mut self.registry;
        to.register(
            "datagrams_discarded",
            "Datagrams that were discarded, by cause",
            self.datagrams_discarded.clone(),
        );
        to.register(
            "requests_refused",
            "SIP requests the endpoint refused by itself, by status",
            self.requests_refused.clone(),
        );
        to.register(
            "strangers_refused",
            "SIP requests refused because nobody in the settings sent them",
            self.strangers_refused.clone(),
        );
        to.register(
            "connections_ended",
            "SIP connections over TCP and TLS that ended or were turned away, by cause",
            self.connections_ended.clone(),
        );
        to.register_with_unit(
            "ringing_after",
            "From an INVITE to our 180",
            Unit::Seconds,
            self.ringing_after.clone(),
        );
    }

    fn register_accounts(&mut self) {
        let to = &mut self.registry;
        to.register(
            "registered",
            "1 while the account is registered, 0 otherwise",
            self.registered.clone(),
        );
        to.register(
            "phones_registered",
            "Seats whose own phone is registered here now",
            self.phones_registered.clone(),
        );
        to.register(
            "phone_logins",
            "Proofs that reps' phones gave, or were asked for: proven, asked, stale, wrong, barred",
            self.phone_logins.clone(),
        );
    }

    fn register_sound(&mut self) {
        let to = &mut self.registry;
        to.register(
            "rtp_packets",
            "RTP packets of ended legs: sent, received, lost, from strangers, discarded, forged (not genuine SRTP)",
            self.rtp_packets.clone(),
        );
        to.register(
            "voice_mos",
            "Estimated MOS (G.107) of each 5 s, heard of a party or sent to it",
            self.voice_mos.clone(),
        );
        to.register(
            "media_frames_late",
            "Turns of the media thread a frame or more late",
            self.media_frames_late.clone(),
        );
    }

    fn register_seats(&mut self) {
        let to = &mut self.registry;
        to.register(
            "seats",
            "Seats that stand so now, by state",
            self.seats.clone(),
        );
        to.register_with_unit(
            "seat_state",
            "Time that seats have stood so, in all, by state",
            Unit::Seconds,
            self.seat_state.clone(),
        );
        to.register(
            "pbx_codes",
            "Feature codes dialled to tell the PBX how a seat stands, by result",
            self.pbx_codes.clone(),
        );
    }

    fn register_agent(&mut self) {
        let to = &mut self.registry;
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        to.register("build", "Which build of the agent this is", build);
        to.register(
            "policy_info",
            "1 for the policy that counts for new calls, by its SHA-256",
            self.policy.clone(),
        );
        to.register(
            "provision_serial",
            "Serial of the provisioned settings in use; 0: none are",
            self.provision_serial.clone(),
        );
        to.register(
            "provision_asked",
            "Answers to the question for provisioned settings, by result",
            self.provision_asked.clone(),
        );
        to.register(
            "lost_inside",
            "What one part of the agent could not hand to another, by kind",
            self.lost_inside.clone(),
        );
        to.register(
            "api_requests",
            "Requests to the API, by route and status",
            self.api_requests.clone(),
        );
    }

    /// The policy that counts for new calls, by its hash.
    pub fn policy(&self, hash: &str) {
        let hash = hash.to_owned();
        self.policy.clear();
        self.policy.get_or_create(&HashLabels { hash }).set(1);
    }

    /// Which of an admin's settings are in use.
    pub fn provision_serial(&self, serial: u64) {
        self.provision_serial
            .set(i64::try_from(serial).unwrap_or(i64::MAX));
    }

    /// What came of asking for them; `result` is a word of ours.
    pub fn provision_asked(&self, result: &'static str) {
        let asked = self.provision_asked.get_or_create(&ResultLabels { result });
        asked.inc();
    }

    pub fn call_ended(&self, ending: Ending) {
        let labels = EndingLabels {
            by: ending.by.as_str(),
            because: ending.because.as_str(),
        };
        self.calls_ended.get_or_create(&labels).inc();
    }

    pub fn call_refused(&self, status: u16) {
        self.calls_refused
            .get_or_create(&StatusLabels { status })
            .inc();
    }

    /// Adds `count` packets; `cause` is a word of ours.
    pub fn rtp_packets(&self, cause: &'static str, count: u64) {
        self.rtp_packets
            .get_or_create(&CauseLabels { cause })
            .inc_by(count);
    }

    /// What 5 s of a leg sounded like; `direction` is `heard` or `sent`.
    pub fn voice_mos(&self, direction: &'static str, mos: f64) {
        self.voice_mos
            .get_or_create(&DirectionLabels { direction })
            .observe(mos);
    }

    /// How many seats stand so; `state` is a word of ours.
    pub fn seats(&self, state: &'static str, count: usize) {
        let gauge = self.seats.get_or_create(&StateLabels { state });
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A seat has stood so for as long, and does not any more.
    pub fn seat_stood(&self, state: &'static str, lasted: Duration) {
        let counter = self.seat_state.get_or_create(&StateLabels { state });
        counter.inc_by(lasted.as_secs_f64());
    }

    /// What came of a call to a feature code; `result` is a word of ours.
    pub fn pbx_told(&self, result: &'static str) {
        self.pbx_codes.get_or_create(&ResultLabels { result }).inc();
    }

    pub fn phrase_said(&self, phrase: &PromptId) {
        let labels = PhraseLabels {
            phrase: phrase.to_string(),
        };
        self.phrases_said.get_or_create(&labels).inc();
    }

    /// `cause` is a word of ours, never of the peer.
    pub fn datagrams_discarded(&self, cause: &'static str, in_all: u64) {
        raise(&self.datagrams_discarded, CauseLabels { cause }, in_all);
    }

    /// Requests the SIP endpoint refused by itself, by status.
    pub fn requests_refused(&self, status: u16, in_all: u64) {
        raise(&self.requests_refused, StatusLabels { status }, in_all);
    }

    /// Requests of those who are no line of ours.
    pub fn strangers_refused(&self, in_all: u64) {
        let counted = self.strangers_refused.get();
        self.strangers_refused
            .inc_by(in_all.saturating_sub(counted));
    }

    /// What was lost inside: `reports`, `timeline-entries`, `rtp-unsent` ...
    pub fn lost_inside(&self, cause: &'static str, in_all: u64) {
        raise(&self.lost_inside, CauseLabels { cause }, in_all);
    }

    /// SIP connections that ended, by why.
    pub fn connections_ended(&self, cause: &'static str, in_all: u64) {
        raise(&self.connections_ended, CauseLabels { cause }, in_all);
    }

    pub(super) fn api_request(&self, route: &'static str, status: u16) {
        self.api_requests
            .get_or_create(&ApiLabels { route, status })
            .inc();
    }

    /// An account is registered, or is not any more.
    pub fn registered(&self, account: &str, is: bool) {
        let account = account.to_owned();
        let gauge = self.registered.get_or_create(&AccountLabels { account });
        gauge.set(i64::from(is));
    }

    /// How reps' phones proved themselves; `cause` is a word of ours.
    pub fn phone_logins(&self, cause: &'static str, in_all: u64) {
        raise(&self.phone_logins, CauseLabels { cause }, in_all);
    }

    /// All of it, as OpenMetrics text.
    pub fn told(&self) -> String {
        let mut told = String::new();
        text::encode(&mut told, &self.registry).expect("a String takes all that is written to it");
        told
    }
}

/// Counts kept elsewhere only grow: the metric follows.
fn raise<L: Clone + std::hash::Hash + Eq>(family: &Family<L, Counter>, labels: L, in_all: u64) {
    let counter = family.get_or_create(&labels);
    counter.inc_by(in_all.saturating_sub(counter.get()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Because, EndedBy};

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::default();
        metrics.call_ended(Ending {
            by: EndedBy::Caller,
            because: Because::HungUp,
        });
        metrics.phrase_said(&"hold_still".parse().unwrap());
        metrics.datagrams_discarded("stranger", 1);
        metrics.calls_active.set(3);
        let told = metrics.told();
        for line in [
            r#"thirdring_calls_ended_total{by="caller",because="hung-up"} 1"#,
            r#"thirdring_phrases_said_total{phrase="hold_still"} 1"#,
            r#"thirdring_datagrams_discarded_total{cause="stranger"} 1"#,
            "thirdring_calls_active 3",
            "# EOF",
        ] {
            assert!(told.contains(line), "{line} in\n{told}");
        }
    }
}
