//! Our REFER, and the NOTIFYs that tell what came of it (RFC 3515, RFC 4488).

use std::time::Duration;

use super::Endpoint;
use super::events::Event;
use super::gate::{Rejection, Request};
use super::leg::Leg;
use super::legs::LegId;
use super::orders::{NotPossible, Refer};
use super::referrals::{HEARD_WITHIN, OurReferral};
use super::responses::Response;
use crate::sip::transaction::{ServerKey, Use};
use crate::words::Moment;

impl Endpoint {
    /// Asks the other side to call somebody else; `ReferProgress` may follow, then `ReferOver`.
    pub fn refer(&mut self, leg: LegId, refer: Refer, now: Moment) -> Result<(), NotPossible> {
        if self.clients.is_full() {
            return Err(NotPossible::TooMany);
        }
        let target = match refer.replaces {
            Some(other) => {
                let replaces = self.replaces_of(other).ok_or(NotPossible::NoSuchLeg)?;
                let target = refer.to.with_header("Replaces", &replaces);
                target.ok_or(NotPossible::WrongState)?
            }
            None => refer.to,
        };
        let branch = self.branch();
        let known = self.legs.get_mut(leg).ok_or(NotPossible::NoSuchLeg)?;
        let busy = known.referrals.ours.is_some();
        let talking = known.talking_mut().ok_or(NotPossible::WrongState)?;
        if busy || talking.hang_up.is_some() {
            return Err(NotPossible::WrongState);
        }
        let id = talking.dialog.next_cseq();
        let dialog = talking.dialog.clone();
        let until = now + HEARD_WITHIN;
        known.referrals.ours = Some(OurReferral {
            id,
            until,
            told: false,
        });
        let hop = dialog.next_hop();
        let mut message = dialog.request("REFER", id, &self.our_via(&branch, hop.transport));
        self.introduce(&mut message, hop.transport);
        message.push("Refer-To", format!("<{target}>"));
        if let Some(by) = refer.referred_by {
            message.push("Referred-By", format!("<{by}>"));
        }
        self.begin(message, &branch, hop, Use::Refer(leg), now);
        self.arm_leg(leg);
        Ok(())
    }

    /// The final response to our REFER: after a 2xx the NOTIFYs speak.
    pub(super) fn refer_answered(&mut self, id: LegId, response: &Response) {
        let unheard = response.message.value("Refer-Sub");
        let silent = unheard.is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        match response.code {
            ..300 if silent => self.refer_over(id, None),
            ..300 => {}
            code => self.refer_over(id, Some(code)),
        }
    }

    /// Ends our referral and says so, unless that was said.
    pub(super) fn refer_over(&mut self, id: LegId, code: Option<u16>) {
        let ours = self.legs.get_mut(id).map(|leg| leg.referrals.ours.take());
        if ours.flatten().is_some_and(|ours| !ours.told) {
            self.out.emit(id, Event::ReferOver { code });
        }
        self.arm_leg(id);
    }

    /// A NOTIFY inside the dialog (RFC 3515 2.4.4).
    pub(super) fn notified(
        &mut self,
        id: LegId,
        request: &Request,
        key: ServerKey,
        now: Moment,
    ) -> Result<(), Rejection> {
        let leg = self.legs.get_mut(id).ok_or(Rejection::new(481))?;
        let ours = subscription(leg, request)?;
        let state = SubscriptionState::read(request);
        ours.until = now + state.expires.min(HEARD_WITHIN);
        let code = sipfrag(&request.message.body);
        let first_final = code.is_some_and(|code| code >= 200) && !ours.told;
        ours.told |= first_final;
        let told = ours.told;
        self.simple_ok(request, key, now);
        match code {
            Some(code) if first_final => {
                self.out.emit(id, Event::ReferOver { code: Some(code) });
            }
            Some(code) if !told => self.out.emit(id, Event::ReferProgress { code }),
            Some(_) | None => {}
        }
        if state.terminated {
            self.refer_over(id, None);
        }
        self.arm_leg(id);
        Ok(())
    }
}

/// The subscription a NOTIFY is for.
fn subscription<'a>(leg: &'a mut Leg, request: &Request) -> Result<&'a mut OurReferral, Rejection> {
    let event = request.message.value("Event").unwrap_or_default();
    let mut pieces = event.split(';').map(str::trim);
    if pieces.next() != Some("refer") {
        return Err(Rejection::with(489, "Allow-Events", "refer"));
    }
    let id = pieces.find_map(|piece| piece.strip_prefix("id="));
    let ours = leg.referrals.ours.as_mut();
    ours.filter(|ours| id.is_none_or(|id| id.parse() == Ok(ours.id)))
        .ok_or(Rejection::new(481))
}

/// What a NOTIFY says of its subscription (RFC 6665 4.1.3).
struct SubscriptionState {
    terminated: bool,
    expires: Duration,
}

impl SubscriptionState {
    fn read(request: &Request) -> Self {
        let value = request.message.value("Subscription-State");
        let mut pieces = value.unwrap_or_default().split(';').map(str::trim);
        let terminated = pieces
            .next()
            .is_some_and(|state| state.eq_ignore_ascii_case("terminated"));
        let seconds = pieces.find_map(|piece| piece.strip_prefix("expires=")?.parse::<u32>().ok());
        Self {
            terminated,
            expires: seconds.map_or(HEARD_WITHIN, |seconds| Duration::from_secs(seconds.into())),
        }
    }
}

/// The status code of a `message/sipfrag` body (RFC 3420).
fn sipfrag(body: &[u8]) -> Option<u16> {
    let line = body.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim();
    let code = line.strip_prefix("SIP/2.0 ")?.split(' ').next()?;
    code.parse().ok().filter(|code| (100..700).contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sipfrag_is_read_by_its_first_line() {
        assert_eq!(sipfrag(b"SIP/2.0 180 Ringing\r\nTo: x\r\n"), Some(180));
        assert_eq!(sipfrag(b"SIP/2.0 200"), Some(200));
        for body in [
            &b""[..],
            b"INVITE sip:a SIP/2.0",
            b"SIP/2.0 20",
            b"SIP/2.0 999 x",
        ] {
            assert_eq!(sipfrag(body), None);
        }
    }
}
