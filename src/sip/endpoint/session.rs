//! Session timers on the wire (RFC 4028): asked for, agreed, refreshed, over.

use super::Endpoint;
use super::events::Event;
use super::gate::Rejection;
use super::legs::LegId;
use super::responses::Response;
use super::session_timer::{self, MIN_SE, Refresher, Role, SessionExpires, SessionTimer};
use super::stage::Stage;
use crate::sip::transaction::{ClientKey, Use};
use crate::sip::wire::Message;
use crate::words::Moment;

/// How often a 422 makes us call again with a longer session (RFC 4028 7.3).
const LENGTHENED_MAX: u8 = 3;

impl Endpoint {
    /// Whether the session they ask for is too short for us; only who knows timers can be told
    /// (RFC 4028 9).
    pub(super) fn session_is_long_enough(&self, request: &Message) -> Result<(), Rejection> {
        let least = self.settings.dialogs.min_se;
        let asked = SessionExpires::read(request).map(|asked| asked.interval);
        match asked.filter(|_| session_timer::is_supported(request)) {
            Some(asked) if asked < least => {
                Err(Rejection::with(422, "Min-SE", least.as_secs().to_string()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What a first INVITE of ours asks for.
    pub(super) fn ask_for_first_session(&self, message: &mut Message) {
        let dialogs = &self.settings.dialogs;
        let interval = dialogs.session_expires.max(dialogs.min_se);
        message.push("Session-Expires", interval.as_secs().to_string());
        if dialogs.min_se > MIN_SE {
            message.push("Min-SE", dialogs.min_se.as_secs().to_string());
        }
    }

    /// What a request of ours inside a dialog asks for.
    pub(super) fn ask_for_session(&self, id: LegId, message: &mut Message) {
        let session = self.legs.get(id).and_then(|leg| leg.session.as_ref());
        let Some((asked, least)) = session.map(SessionTimer::ask) else {
            return;
        };
        message.push("Session-Expires", asked.text());
        if least > MIN_SE {
            message.push("Min-SE", least.as_secs().to_string());
        }
    }

    /// Says in our 2xx what the session is, and begins it anew.
    pub(super) fn agree_session(
        &mut self,
        id: LegId,
        request: &Message,
        response: &mut Message,
        now: Moment,
    ) {
        let agreed = session_timer::answer_to(request, self.settings.dialogs.session_expires);
        if let Some(agreed) = agreed {
            response.push("Session-Expires", agreed.text());
            if agreed.refresher == Some(Role::Uac) {
                response.push("Require", "timer");
            }
        }
        let begun = agreed.map(|agreed| {
            let refresher = match agreed.refresher {
                Some(Role::Uas) => Refresher::Us,
                Some(Role::Uac) | None => Refresher::Them,
            };
            SessionTimer::new(agreed.interval, refresher, now)
        });
        if let Some(leg) = self.legs.get_mut(id) {
            let before = leg.session.take();
            leg.session = begun.map(|begun| begun.after(before.as_ref()));
        }
        self.arm_leg(id);
    }

    /// As `agree_session`, for an UPDATE; before the answer there is no session yet.
    pub(super) fn agree_on_refresh(
        &mut self,
        id: LegId,
        request: &Message,
        response: &mut Message,
        now: Moment,
    ) {
        let confirmed = self.legs.get(id).is_some_and(|leg| leg.talking().is_some());
        if confirmed {
            self.agree_session(id, request, response, now);
        }
    }

    /// Their 2xx says what the session is.
    pub(super) fn session_confirmed(&mut self, id: LegId, response: &Message, now: Moment) {
        let begun = SessionExpires::read(response).map(|agreed| {
            let refresher = match agreed.refresher {
                Some(Role::Uas) => Refresher::Them,
                Some(Role::Uac) | None => Refresher::Us,
            };
            // No refresh can be quicker than their own rules allow (RFC 4028 4).
            SessionTimer::new(agreed.interval.max(MIN_SE), refresher, now)
        });
        if let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.talking().is_some()) {
            let before = leg.session.take();
            leg.session = begun.map(|begun| begun.after(before.as_ref()));
        }
    }

    /// Calls again with the interval a 422 asks for; false when it is a plain refusal.
    pub(super) fn call_again_longer(
        &mut self,
        id: LegId,
        key: &ClientKey,
        response: &Response,
        now: Moment,
    ) -> bool {
        let Some(Stage::Inviting(inviting)) = self.legs.get_mut(id).map(|leg| &mut leg.stage)
        else {
            return false;
        };
        let may_repeat = inviting.lengthened < LENGTHENED_MAX && !inviting.is_cancelled();
        if response.code != 422 || !may_repeat {
            return false;
        }
        inviting.lengthened = inviting.lengthened.saturating_add(1);
        let Some(client) = self.clients.get(key) else {
            return false;
        };
        let (request, hop) = (client.request.clone(), client.to);
        self.invite_again(id, request, hop, &response.message, now);
        true
    }

    fn invite_again(
        &mut self,
        id: LegId,
        mut request: Message,
        hop: crate::sip::Hop,
        refusal: &Message,
        now: Moment,
    ) {
        let least = session_timer::min_se(refusal).as_secs().to_string();
        let number = request.value("CSeq").and_then(|cseq| {
            let number = cseq.split(' ').next()?;
            number.parse::<u32>().ok()
        });
        let cseq = number.unwrap_or_default().saturating_add(1);
        let branch = self.branch();
        request.replace_first("Via", self.our_via(&branch, hop.transport));
        request.replace_first("CSeq", format!("{cseq} INVITE"));
        request.replace_first("Session-Expires", least.clone());
        match request.value("Min-SE") {
            Some(_) => request.replace_first("Min-SE", least),
            None => request.push("Min-SE", least),
        }
        let client = self.begin(request, &branch, hop, Use::Invite(id), now);
        if let Some(Stage::Inviting(inviting)) = self.legs.get_mut(id).map(|leg| &mut leg.stage) {
            (inviting.client, inviting.branch) = (client, branch);
        }
    }

    /// Half of the session is over, and the refresh is ours.
    pub(super) fn refresh_session(&mut self, id: LegId, now: Moment) {
        let Some(change) = self.legs.get(id).map(|leg| leg.changes.refresh()) else {
            return;
        };
        if self.send_change(id, change, now).is_err() {
            self.refresh_later(id, now);
        }
    }

    pub(super) fn refresh_later(&mut self, id: LegId, now: Moment) {
        let session = self.legs.get_mut(id).and_then(|leg| leg.session.as_mut());
        if let Some(session) = session {
            session.put_off(now);
        }
    }

    /// Nobody refreshed (RFC 4028 10).
    pub(super) fn session_over(&mut self, id: LegId, now: Moment) {
        self.send_bye(id, None, now);
        self.out.emit(id, Event::Expired);
    }
}
