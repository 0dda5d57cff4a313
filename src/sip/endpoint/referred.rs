//! Their REFER, and our NOTIFYs (RFC 3515, RFC 4488).

use bytes::Bytes;

use super::Endpoint;
use super::events::{Event, ReferAsked};
use super::gate::{Rejection, Request};
use super::legs::LegId;
use super::messages::phrase;
use super::orders::NotPossible;
use super::referrals::{AskedReferral, TheirReferral};
use super::replaces::Replaces;
use crate::sip::transaction::{ServerKey, Use};
use crate::sip::wire::NameAddr;
use crate::words::Moment;

/// What our NOTIFYs promise, in seconds: we end the subscription long before.
const EXPIRES_S: u32 = 180;

impl Endpoint {
    /// A REFER inside a call; outside of one it never gets here (hardening 11).
    pub(super) fn refer_asked(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let asked = self.read_refer(request)?;
        let leg = self.legs.get(id).ok_or(Rejection::new(481))?;
        let theirs = &leg.referrals.theirs;
        let busy = matches!(
            theirs,
            TheirReferral::Asked(_) | TheirReferral::Accepted { .. }
        );
        if leg.talking().is_none() {
            return Err(Rejection::new(403));
        }
        if busy {
            return Err(Rejection::new(491));
        }
        self.remember(request, &key, now);
        if let Some(leg) = self.legs.get_mut(id) {
            leg.referrals.theirs = TheirReferral::Asked(Box::new(AskedReferral {
                server: key,
                request: request.clone(),
            }));
        }
        self.out.emit(id, Event::ReferAsked(Box::new(asked)));
        Ok(())
    }

    /// RFC 3515 2.4.2: exactly one Refer-To.
    fn read_refer(&self, request: &Request) -> Result<ReferAsked, Rejection> {
        let message = &request.message;
        let mut targets = message.values("Refer-To");
        let target = targets.next().and_then(|value| NameAddr::read(value).ok());
        let target = target.filter(|_| targets.next().is_none());
        let target = target.ok_or(Rejection::new(400))?;
        let named = target.uri().header("Replaces");
        let replaces = named.as_deref().and_then(Replaces::read).and_then(|it| {
            // Their Replaces speaks to the target: when that is us, our tag is the To tag.
            self.legs.of_dialog(&it.call_id, &it.to_tag, &it.from_tag)
        });
        let by = message.value("Referred-By");
        Ok(ReferAsked {
            to: target.uri().without_headers(),
            replaces,
            replaces_value: named,
            referred_by: by.and_then(|by| NameAddr::read(by).ok()),
        })
    }

    /// Takes their REFER with 202; `refer_progress` tells them how it goes.
    pub fn accept_refer(&mut self, leg: LegId, now: Moment) -> Result<(), NotPossible> {
        let AskedReferral { server, request } = self.take_asked(leg)?;
        let unwanted = request.message.value("Refer-Sub");
        let silent = unwanted.is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let response = request.reply(202, phrase(202), "");
        let mut response = self.with_contact(response, request.from.transport);
        if silent {
            response.push("Refer-Sub", "false");
        }
        self.respond(&server, response, now);
        if let Some(leg) = self.legs.get_mut(leg) {
            let id = request.essentials.cseq.number;
            leg.referrals.theirs = TheirReferral::Accepted { id, silent };
        }
        // RFC 3515 2.4.4: the first NOTIFY goes out at once.
        self.refer_progress(leg, 100, now)
    }

    /// Refuses their REFER: 403 where it is not allowed, else 603.
    pub fn refuse_refer(&mut self, leg: LegId, code: u16, now: Moment) -> Result<(), NotPossible> {
        let AskedReferral { server, request } = self.take_asked(leg)?;
        let code = code.clamp(400, 699);
        let mut response = request.reply(code, phrase(code), "");
        self.sign(&mut response);
        self.respond(&server, response, now);
        Ok(())
    }

    /// Tells them what became of the call they asked for: 1xx goes on, any other code ends it.
    pub fn refer_progress(
        &mut self,
        leg: LegId,
        code: u16,
        now: Moment,
    ) -> Result<(), NotPossible> {
        let known = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        let TheirReferral::Accepted { id, silent } = known.referrals.theirs else {
            return Err(NotPossible::WrongState);
        };
        if code >= 200 {
            known.referrals.theirs = TheirReferral::Done;
        }
        match silent {
            true => Ok(()),
            false => self.notify(leg, id, code, now),
        }
    }

    fn notify(&mut self, leg: LegId, id: u32, code: u16, now: Moment) -> Result<(), NotPossible> {
        let branch = self.branch();
        let known = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        let talking = known.talking_mut().ok_or(NotPossible::WrongState)?;
        let cseq = talking.dialog.next_cseq();
        let dialog = talking.dialog.clone();
        let hop = dialog.next_hop();
        let mut message = dialog.request("NOTIFY", cseq, &self.our_via(&branch, hop.transport));
        self.introduce(&mut message, hop.transport);
        message.push("Event", format!("refer;id={id}"));
        message.push(
            "Subscription-State",
            match code {
                ..200 => format!("active;expires={EXPIRES_S}"),
                _ => "terminated;reason=noresource".to_owned(),
            },
        );
        let fragment = format!("SIP/2.0 {code} {}\r\n", phrase(code));
        message.set_body("message/sipfrag;version=2.0", Bytes::from(fragment));
        self.begin(message, &branch, hop, Use::Nobody, now);
        Ok(())
    }

    /// Refuses a REFER that waits for the desk while the leg ends.
    pub(super) fn drop_refer(&mut self, leg: LegId, now: Moment) {
        let _ = self.refuse_refer(leg, 487, now); // none waits: nothing to refuse
    }

    fn take_asked(&mut self, leg: LegId) -> Result<AskedReferral, NotPossible> {
        let leg = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        match std::mem::take(&mut leg.referrals.theirs) {
            TheirReferral::Asked(asked) => Ok(*asked),
            other
            @ (TheirReferral::None | TheirReferral::Accepted { .. } | TheirReferral::Done) => {
                leg.referrals.theirs = other;
                Err(NotPossible::WrongState)
            }
        }
    }
}
