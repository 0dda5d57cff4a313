//! Callers who ask that the call answer itself: intercom, click to dial, a phone of the house.
//! Whether they may is not decided here.

use std::time::Duration;

use crate::sip::wire::Message;

/// The Alert-Info words of the phones that have no better way, in lower case.
const ALERTS: [&str; 2] = ["alert-autoanswer", "auto answer"];

/// After how long the INVITE asks to be answered; none when it does not.
pub(super) fn read(invite: &Message) -> Option<Duration> {
    answer_mode(invite)
        .or_else(|| call_info(invite))
        .or_else(|| alert_info(invite))
}

/// RFC 5373 3: `Answer-Mode: Auto`, the privileged form included.
fn answer_mode(invite: &Message) -> Option<Duration> {
    let modes = ["Answer-Mode", "Priv-Answer-Mode"];
    let mut modes = modes.iter().filter_map(|name| invite.value(name));
    let is_auto = |mode: &str| {
        let word = mode.split(';').next().unwrap_or_default();
        word.trim().eq_ignore_ascii_case("Auto")
    };
    modes.any(is_auto).then_some(Duration::ZERO)
}

/// `Call-Info: <uri>;answer-after=2`, in seconds.
fn call_info(invite: &Message) -> Option<Duration> {
    invite
        .values("Call-Info")
        .find_map(|value| seconds(value, "answer-after"))
}

/// `Alert-Info: <uri>;info=alert-autoanswer;delay=2` and `Alert-Info: Auto Answer`.
fn alert_info(invite: &Message) -> Option<Duration> {
    let mut values = invite.values("Alert-Info");
    let value = values.find(|value| {
        let value = value.to_ascii_lowercase();
        ALERTS.iter().any(|alert| value.contains(alert))
    })?;
    Some(seconds(value, "delay").unwrap_or_default())
}

fn seconds(value: &str, name: &str) -> Option<Duration> {
    let mut params = value.split(';').skip(1).map(str::trim);
    params.find_map(|param| {
        let (found, value) = param.split_once('=')?;
        let is_it = found.trim().eq_ignore_ascii_case(name);
        let seconds: u16 = value.trim().parse().ok().filter(|_| is_it)?;
        Some(Duration::from_secs(seconds.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, value: &str) -> Option<u64> {
        let mut invite = Message::request("INVITE", "sip:a@b");
        invite.push(name, value);
        read(&invite).map(|wait| wait.as_secs())
    }

    #[test]
    fn each_way_of_asking_is_understood() {
        for (name, value, expected) in [
            ("Answer-Mode", "Auto;require", Some(0)),
            ("Answer-Mode", "Manual", None),
            ("Priv-Answer-Mode", "auto", Some(0)),
            ("Call-Info", "<sip:x>;answer-after=3", Some(3)),
            ("Call-Info", "<sip:x>;purpose=icon", None),
            ("Call-Info", "<sip:x>;answer-after=soon", None),
            (
                "Alert-Info",
                "<http://x>;info=alert-autoanswer;delay=2",
                Some(2),
            ),
            ("Alert-Info", "Auto Answer", Some(0)),
            ("Alert-Info", "<http://x>;info=external", None),
            ("Subject", "Auto Answer", None),
        ] {
            assert_eq!(asked(name, value), expected, "{name}: {value}");
        }
    }
}
