//! How long a session lives without a refresh, and who refreshes it (RFC 4028).

use std::time::Duration;

use super::leg::LegTick;
use crate::sip::wire::Message;
use crate::words::Moment;

/// RFC 4028 4: no interval is shorter.
pub(super) const MIN_SE: Duration = Duration::from_secs(90);
/// RFC 4028 10: the BYE should go out this long, or a third of the interval, before the expiry.
const BYE_BEFORE: Duration = Duration::from_secs(32);
/// How long before the BYE the desk is told: the farewell must fit (D27). A session of less than
/// 144 s has its BYE the later for it, still before its expiry.
const TOLD_BEFORE: Duration = Duration::from_secs(20);
/// A refresh that could not go out, or was refused, tries again after this.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// The session of a confirmed dialog.
#[derive(Debug)]
pub(super) struct SessionTimer {
    interval: Duration,
    /// The shortest interval a 422 of theirs named.
    min_se: Duration,
    refresher: Refresher,
    /// When our next refresh is due; none while it is under way or theirs to send.
    refresh: Option<Moment>,
    /// None once the desk was told.
    warning: Option<Moment>,
    /// When the BYE goes out.
    over: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refresher {
    Us,
    Them,
}

/// The `refresher` parameter: a role in the transaction that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Uac,
    Uas,
}

/// A Session-Expires value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionExpires {
    pub(super) interval: Duration,
    pub(super) refresher: Option<Role>,
}

impl SessionExpires {
    pub(super) fn read(message: &Message) -> Option<Self> {
        let mut pieces = message.value("Session-Expires")?.split(';').map(str::trim);
        let interval = Duration::from_secs(pieces.next()?.parse::<u32>().ok()?.into());
        let refresher = pieces.find_map(|piece| piece.strip_prefix("refresher="));
        Some(Self {
            interval,
            refresher: refresher.and_then(|role| match role.trim() {
                "uac" => Some(Role::Uac),
                "uas" => Some(Role::Uas),
                _ => None,
            }),
        })
    }

    pub(super) fn text(self) -> String {
        let seconds = self.interval.as_secs();
        match self.refresher {
            Some(Role::Uac) => format!("{seconds};refresher=uac"),
            Some(Role::Uas) => format!("{seconds};refresher=uas"),
            None => seconds.to_string(),
        }
    }
}

/// Whether their Supported names session timers.
pub(super) fn is_supported(message: &Message) -> bool {
    let mut tags = message.tokens("Supported");
    tags.any(|tag| tag.eq_ignore_ascii_case("timer"))
}

/// The Min-SE of a message; without one 90 s (RFC 4028 5).
pub(super) fn min_se(message: &Message) -> Duration {
    let seconds = message.value("Min-SE").and_then(|value| {
        let value = value.split(';').next().unwrap_or_default();
        value.trim().parse::<u32>().ok()
    });
    seconds.map_or(MIN_SE, |seconds| Duration::from_secs(seconds.into()))
}

/// What our 2xx to `request` says (RFC 4028 9, table 2); none: the session has no end.
pub(super) fn answer_to(request: &Message, longest: Duration) -> Option<SessionExpires> {
    let theirs = SessionExpires::read(request);
    let supported = is_supported(request);
    let (interval, named) = match theirs {
        // We may shorten, never below their Min-SE, and never lengthen.
        Some(theirs) => {
            let interval = theirs.interval.min(longest.max(min_se(request)));
            (interval.max(MIN_SE), theirs.refresher)
        }
        None if supported => (longest.max(min_se(request)), None),
        None => return None,
    };
    let refresher = match (supported, named) {
        (false, _) => Role::Uas,
        (true, named) => named.unwrap_or(Role::Uac),
    };
    Some(SessionExpires {
        interval,
        refresher: Some(refresher),
    })
}

impl SessionTimer {
    pub(super) fn new(interval: Duration, refresher: Refresher, now: Moment) -> Self {
        let mut timer = Self {
            interval,
            min_se: MIN_SE,
            refresher,
            refresh: None,
            warning: None,
            over: now + interval.saturating_sub(BYE_BEFORE.min(interval / 3)),
        };
        timer.refresh = (refresher == Refresher::Us).then(|| now + interval / 2);
        // A session must not be told lost before its refresh is due at half of it.
        let spare = timer.over.since(now + interval / 2) / 2;
        let told = timer.over - spare.min(TOLD_BEFORE);
        timer.warning = Some(told);
        timer.over = timer.over.max(told + TOLD_BEFORE);
        timer
    }

    /// The least they take is known until the end (RFC 4028 7.4).
    pub(super) fn after(self, before: Option<&Self>) -> Self {
        Self {
            min_se: before.map_or(self.min_se, |before| before.min_se),
            ..self
        }
    }

    /// What our next request in the dialog asks for: the roles stay as they are (RFC 4028 7.4).
    pub(super) fn ask(&self) -> (SessionExpires, Duration) {
        let refresher = match self.refresher {
            Refresher::Us => Role::Uac,
            Refresher::Them => Role::Uas,
        };
        let asked = SessionExpires {
            interval: self.interval.max(self.min_se),
            refresher: Some(refresher),
        };
        (asked, self.min_se)
    }

    /// Takes the Min-SE of a 422; none when it asks for nothing longer.
    pub(super) fn lengthen(&mut self, refusal: &Message) -> Option<()> {
        let least = min_se(refusal);
        (least > self.interval.max(self.min_se)).then(|| self.min_se = least)
    }

    /// Our refresh was not sent, or not taken.
    pub(super) fn put_off(&mut self, now: Moment) {
        self.refresh = Some(now + TRY_AGAIN);
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        let times = [self.refresh, self.warning, Some(self.over)];
        times.into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) -> Option<LegTick> {
        if now >= self.over {
            return Some(LegTick::Expired);
        }
        if self.warning.take_if(|at| now >= *at).is_some() {
            return Some(LegTick::Expiring(self.over));
        }
        self.refresh
            .take_if(|at| now >= *at)
            .map(|_| LegTick::Refresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Message {
        let mut message = Message::request("INVITE", "sip:a@b");
        for (name, value) in headers {
            message.push(name, *value);
        }
        message
    }

    fn answered(headers: &[(&str, &str)]) -> Option<String> {
        let longest = Duration::from_secs(1800);
        answer_to(&request(headers), longest).map(SessionExpires::text)
    }

    #[test]
    fn the_answer_follows_table_2() {
        let timer = ("Supported", "100rel, timer");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(answered(&[]), None);
        assert_eq!(answered(&[timer]), text("1800;refresher=uac"));
        let asked = ("Session-Expires", "600");
        assert_eq!(answered(&[asked]), text("600;refresher=uas"));
        assert_eq!(answered(&[asked, timer]), text("600;refresher=uac"));
        let by_us = ("Session-Expires", "600 ; refresher=uas");
        assert_eq!(answered(&[by_us, timer]), text("600;refresher=uas"));
        let long = [("Session-Expires", "7200"), timer];
        assert_eq!(answered(&long), text("1800;refresher=uac"));
        let least = [("Session-Expires", "7200"), ("Min-SE", "3600"), timer];
        assert_eq!(answered(&least), text("3600;refresher=uac"));
    }

    #[test]
    fn the_shortest_session_is_refreshed_told_and_over_in_this_order() {
        let seconds = |n| Moment::ZERO + Duration::from_secs(n);
        let mut timer = SessionTimer::new(MIN_SE, Refresher::Us, Moment::ZERO);
        assert_eq!(timer.timeout(), Some(seconds(45)));
        assert!(matches!(
            timer.handle_timeout(seconds(45)),
            Some(LegTick::Refresh)
        ));
        let told = timer.timeout().unwrap();
        assert!(told > seconds(45) && told < seconds(60));
        assert!(matches!(
            timer.handle_timeout(told),
            Some(LegTick::Expiring(at)) if at == told + TOLD_BEFORE
        ));
        let bye = timer.timeout().unwrap();
        assert_eq!(bye, told + TOLD_BEFORE);
        assert!(bye + Duration::from_secs(10) < seconds(90));
        assert!(matches!(timer.handle_timeout(bye), Some(LegTick::Expired)));
    }
}
