use std::time::Duration;

use crate::sip::wire::{Message, NameAddr, Uri, split};

/// A longer grant is refreshed daily all the same.
const GRANT_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The most Service-Route and P-Associated-URI values kept of a 200, each.
const VALUES_MAX: usize = 16;

/// What a 2xx to our REGISTER gives us.
#[derive(Clone, Debug, Default)]
pub(super) struct Grant {
    /// How long the binding lives; zero when we got none.
    pub(super) expires: Duration,
    /// The Route of our requests outside a dialog (RFC 3608).
    pub(super) service_route: Vec<NameAddr>,
    /// The identities we may use (RFC 7315 4.1).
    pub(super) associated: Vec<NameAddr>,
}

impl Grant {
    /// `asked` counts when the registrar names no expiry at all.
    pub(super) fn read(response: &Message, contact: &Uri, instance: &str, asked: Duration) -> Self {
        let expires = of_our_binding(response, contact, instance)
            .or_else(|| seconds(response.value("Expires")?))
            .unwrap_or(asked);
        Self {
            expires: expires.min(GRANT_MAX),
            service_route: addresses(response, "Service-Route"),
            associated: addresses(response, "P-Associated-URI"),
        }
    }
}

/// The registrar lists all bindings (RFC 3261 10.3); behind a NAT ours may be rewritten, and then
/// the instance tells.
fn of_our_binding(response: &Message, contact: &Uri, instance: &str) -> Option<Duration> {
    let bindings = || {
        let values = response.values("Contact");
        values.filter_map(|value| NameAddr::read(value).ok())
    };
    let same_place = bindings().find(|it| it.uri().is_same(contact));
    let ours = same_place.or_else(|| {
        bindings().find(|it| {
            let named = it.param("+sip.instance");
            named.is_some_and(|named| named.eq_ignore_ascii_case(instance))
        })
    });
    seconds(ours?.param("expires")?)
}

pub(super) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

fn addresses(response: &Message, name: &str) -> Vec<NameAddr> {
    let values = response.values(name).flat_map(split);
    let read = values.filter_map(|value| NameAddr::read(value).ok());
    read.take(VALUES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: &str = "<urn:uuid:00000000-0000-0000-0000-000000000007>";

    fn granted(headers: &[(&str, &str)]) -> Grant {
        let mut response = Message::response(200, "OK");
        for (name, value) in headers {
            response.push(name, *value);
        }
        let contact = "sip:hotline@192.0.2.1:5060".parse().unwrap();
        Grant::read(&response, &contact, INSTANCE, Duration::from_secs(600))
    }

    #[test]
    fn our_binding_counts_then_expires_then_our_wish() {
        let seconds = |headers: &[(&str, &str)]| granted(headers).expires.as_secs();
        let other = ("Contact", "<sip:other@192.0.2.9>;expires=9");
        let ours = ("Contact", "<sip:hotline@192.0.2.1:5060>;expires=55");
        let rewritten = format!("<sip:x@198.51.100.1:9>;expires=44;+sip.instance=\"{INSTANCE}\"");
        let rewritten = ("Contact", rewritten.as_str());
        let expires = ("Expires", "33");
        assert_eq!(seconds(&[other, rewritten, ours, expires]), 55);
        assert_eq!(seconds(&[other, rewritten, expires]), 44);
        assert_eq!(seconds(&[other, expires]), 33);
        assert_eq!(seconds(&[other]), 600);
        assert_eq!(seconds(&[("Expires", "99999999999")]), 86_400);
        assert_eq!(seconds(&[("Expires", "-1")]), 600);
    }

    #[test]
    fn routes_and_identities_are_kept_in_their_order() {
        let it = granted(&[
            (
                "Service-Route",
                "<sip:p1.example.com;lr>, <sip:p2.example.com;lr>",
            ),
            ("Service-Route", "<sip:p3.example.com;lr>"),
            (
                "P-Associated-URI",
                "\"A, B\" <sip:a@b>, <tel:+861055550100>, nonsense <",
            ),
        ]);
        let routes: Vec<String> = it.service_route.iter().map(NameAddr::to_string).collect();
        assert_eq!(
            routes,
            [
                "<sip:p1.example.com;lr>",
                "<sip:p2.example.com;lr>",
                "<sip:p3.example.com;lr>"
            ]
        );
        assert_eq!(it.associated.len(), 2);
        let many = vec![("Service-Route", "<sip:p;lr>, <sip:p;lr>"); 100];
        assert_eq!(granted(&many).service_route.len(), VALUES_MAX);
    }
}
