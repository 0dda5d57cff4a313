//! The desk's loop: what it wakes for, and how it leaves.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::call::Input;
use crate::callbacks;
use crate::callbacks::store::{Found, Opened, Salvaged};
use crate::console::Request;
use crate::media::Report;
use crate::recordings::store::News;
use crate::records::{Entry, What};
use crate::seats::{ButtonNews, headset};
use crate::settings::{Settings, Sources};
use crate::words::{Moment, Party};

use super::draining::Stage;
use super::file_watch::FileWatch;
use super::finder::Places;
use super::keeper::Kept;
use super::provisioning::Polling;
use super::reloading::{Cause, Reload};
use super::renewal::Renewal;
use super::run_error::RunError;
use super::signals::{Asked, Signals};
use super::{Desk, clock};

/// News taken in one go before the network has its turn again.
const BATCH: usize = 512;
/// Farewells of a stopping desk, at most (D29).
const SHUT_DOWN_WITHIN: Duration = Duration::from_secs(30);

/// The runtime's clock stands still while the PC sleeps, ours goes on (D1): whatever falls due
/// meanwhile is this late at most. The runtime wakes twice for it: once on the way, once then.
const GLANCE_EVERY: Duration = Duration::from_secs(2);

/// How long a stopping desk waits for peers who have not answered at all: four INVITEs.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Where the parts of an agent tell its desk.
pub(super) struct Channels {
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) kept: mpsc::Receiver<Kept>,
    pub(super) places: mpsc::Receiver<Places>,
    pub(super) recorder: mpsc::Receiver<News>,
    /// Where a seat has a headset.
    pub(super) headset: Option<mpsc::Receiver<headset::News>>,
    /// Where that has buttons.
    pub(super) buttons: Option<mpsc::Receiver<ButtonNews>>,
}

/// What reaches the desk besides datagrams.
pub(super) struct Inbox {
    channels: Channels,
    signals: Signals,
    renewal: Renewal,
    reload: Reload,
    watch: FileWatch,
    polling: Polling,
}

impl Inbox {
    /// Besides the channels all that the desk looks at by itself; `sources` are what is read anew.
    pub(super) fn open(
        channels: Channels,
        settings: &Settings,
        sources: Option<Sources>,
    ) -> Result<Self, RunError> {
        let reload = Reload::new(settings, sources.clone());
        let (sources, now) = (sources.as_ref(), clock::now());
        Ok(Self {
            channels,
            signals: Signals::listen().map_err(RunError::System)?,
            renewal: Renewal::default(),
            watch: FileWatch::new(settings.reload, sources, &settings.policy),
            polling: Polling::new(&settings.provision, sources, reload.folder(), now),
            reload,
        })
    }
}

impl Desk {
    /// Takes up what the last run left, and tells the network that we are here.
    pub(super) fn begin(&mut self, opened: Opened, found: Found, last_of_seats: Vec<Entry>) {
        let now = clock::now();
        self.recall_seats(last_of_seats, now);
        self.remember(opened, found, now);
        self.follow_address();
        self.look_at_ways(false, now);
        self.begin_registrations(now);
        self.signalling.flush(now);
    }

    /// What the last run left: promises go on (D30); of calls that died with it the queue tells.
    fn remember(&mut self, opened: Opened, found: Found, now: Moment) {
        if let Opened::MovedAside(_) = opened {
            self.alarm("database-damaged", now);
        }
        if let Some(Salvaged {
            taken_over, lost, ..
        }) = found.salvaged
        {
            tracing::error!(taken_over, lost, "the database was damaged");
            self.note_desk(What::Salvaged { taken_over, lost }, now);
        }
        if !found.set_aside.is_empty() {
            self.alarm("promises-damaged", now);
        }
        if found.lost > 0 {
            tracing::error!(commits = found.lost, "promises were lost from the database");
            self.alarm("promises-lost", now);
        }
        self.tell_queue(callbacks::Input::Started, now);
        self.tell_queue_of_seats(now);
        self.settle(now);
    }

    /// Until it is stopped, or enough calls have ended.
    pub(super) async fn work(&mut self, inbox: &mut Inbox, exit_after: Option<u64>) {
        let mut leave_at: Option<Moment> = None;
        loop {
            let now = clock::now();
            self.duty.supervisor.lives(now);
            self.follow_counts(now);
            self.expire_promises(now);
            self.look_around(now);
            self.sound.follow_calls(self.calls.len(), now);
            inbox.polling.look(now);
            let enough = exit_after.is_some_and(|enough| self.duty.ended >= enough);
            if enough || self.is_drained() {
                leave_at = Some(self.shut_down(leave_at, now));
            }
            if leave_at.is_some_and(|at| now >= at || self.may_leave(now)) {
                return self.part(now);
            }
            let last_words = self.duty.empty_since.map(|since| since + LAST_WORDS);
            let supervisor = self.duty.supervisor.due();
            inbox.watch.look(now);
            let (files, polling) = (inbox.watch.due(), inbox.polling.due());
            let wakes = [
                self.timeout(),
                leave_at,
                last_words,
                supervisor,
                files,
                polling,
            ];
            let wake = wakes.into_iter().flatten().min();
            let channels = &mut inbox.channels;
            tokio::select! {
                arrival = self.signalling.arrival() => {
                    let now = clock::now();
                    self.signalling.take(arrival, now);
                    self.follow_public(now);
                    self.take_sip_events(now);
                    self.settle(now);
                }
                Some(report) = channels.reports.recv() => self.take_reports(report, &mut channels.reports),
                Some(request) = channels.requests.recv() => self.request(request, clock::now()),
                Some(places) = channels.places.recv() => self.places_found(places, clock::now()),
                Some(news) = channels.recorder.recv() => self.recorder_news(news, clock::now()),
                Some(news) = told(&mut channels.buttons) => self.button_news(news, clock::now()),
                Some(news) = told(&mut channels.headset) => self.headset_news(news, clock::now()),
                Some(kept) = channels.kept.recv() => self.kept(kept, clock::now()),
                Some(read) = inbox.renewal.done() => self.renew(read, clock::now()),
                read = inbox.reload.done() => {
                    self.reload(&mut inbox.reload, read, clock::now());
                    inbox.watch.follow(inbox.reload.policy());
                }
                changed = inbox.watch.looked() => if changed {
                    inbox.reload.begin(Cause::Change);
                },
                asked = inbox.polling.done() => {
                    self.provisioned(asked, &mut inbox.reload, clock::now());
                }
                () = until(wake, now) => self.tick(clock::now()),
                asked = inbox.signals.next() => match asked {
                    Asked::Stop => leave_at = Some(self.shut_down(leave_at, clock::now())),
                    Asked::Renew => {
                        self.begin_renewal(&mut inbox.renewal);
                        inbox.reload.begin(Cause::Asked);
                    }
                },
            }
        }
    }

    fn take_reports(&mut self, first: Report, reports: &mut mpsc::Receiver<Report>) {
        let now = clock::now();
        self.media_report(first, now);
        for _ in 0..BATCH {
            let Ok(report) = reports.try_recv() else {
                break;
            };
            self.media_report(report, now);
        }
    }

    /// No new calls; a farewell and a callback for live ones. Returns when we leave at the latest:
    /// who asks again does not put it off.
    fn shut_down(&mut self, leave_at: Option<Moment>, now: Moment) -> Moment {
        if let Some(at) = leave_at {
            return at;
        }
        tracing::info!(calls = self.calls.len(), "stopping");
        self.duty.supervisor.leaves();
        self.duty.stage = Stage::Stopping;
        self.tell_queue_of_seats(now);
        self.part_from_pbx(now);
        for id in self.calls.ids() {
            self.later(id, Input::ShutDown);
        }
        self.settle(now);
        now + SHUT_DOWN_WITHIN
    }

    /// The last call is over, and nobody rings on who has been told nothing yet: a CANCEL must wait
    /// for the first 1xx.
    fn may_leave(&mut self, now: Moment) -> bool {
        if self.calls.len() > 0 {
            return false;
        }
        let since = *self.duty.empty_since.get_or_insert(now);
        !self.signalling.endpoint.owes_words() || now.since(since) >= LAST_WORDS
    }

    /// Who is still there is hung up; the row of his answer remains, and he is phoned back (D29).
    fn part(&mut self, now: Moment) {
        for id in self.calls.ids() {
            tracing::warn!(call = %id, "leave a call that did not end in time");
            for party in Party::ALL {
                self.hang_up(id, party, now);
            }
        }
        self.tell_of_all_lines(now);
        self.end_registrations(now);
        self.tell_seat_changes(now);
        self.signalling.flush(now);
    }
}

/// Waits for news; for ever where nobody tells any.
async fn told<T>(news: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

/// Waits until then, or for a glance at the clock; for ever when nothing is due.
pub async fn until(wake: Option<Moment>, now: Moment) {
    #[expect(clippy::disallowed_methods, reason = "the desk is where time passes")]
    match wake {
        Some(at) => tokio::time::sleep(now.until(at).min(GLANCE_EVERY)).await,
        None => std::future::pending().await,
    }
}
