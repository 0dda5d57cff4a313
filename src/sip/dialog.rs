//! What both ends of a leg agree on once a tag of each is known (RFC 3261 12).

use super::wire::{Essentials, Message, NameAddr, Uri};
use super::{FlowId, Hop};

/// RFC 3261 8.1.1.6.
pub(super) const MAX_FORWARDS: &str = "70";

/// One dialog, early or confirmed.
#[derive(Clone, Debug)]
pub(super) struct Dialog {
    call_id: String,
    /// Our From value, tag included.
    local: String,
    /// Their From or To value as it came.
    remote: String,
    remote_tag: String,
    target: Uri,
    routes: Vec<String>,
    sequence: Sequence,
    /// Where their last message came from: used when no address stands in route or target.
    peer: Hop,
    /// Their routes and target are addresses behind a NAT: only the peer leads there.
    symmetric: bool,
}

/// The last CSeq number in each direction.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    local: u32,
    remote: Option<u32>,
}

impl Dialog {
    /// The dialog an INVITE to us begins; none when it has no usable Contact (RFC 3261 12.1.1).
    pub(super) fn of_uas(
        request: &Message,
        essentials: &Essentials,
        tag: &str,
        peer: Hop,
    ) -> Option<Self> {
        Some(Self {
            call_id: essentials.call_id.clone(),
            local: format!("{};tag={tag}", request.value("To")?),
            remote: request.value("From")?.to_owned(),
            remote_tag: essentials.sender_tag().to_owned(),
            target: contact(request)?,
            routes: request.values("Record-Route").map(str::to_owned).collect(),
            sequence: Sequence {
                local: 0,
                remote: Some(essentials.cseq.number),
            },
            peer,
            symmetric: false,
        })
    }

    /// The dialog a response to our INVITE begins (RFC 3261 12.1.2); without a Contact the
    /// request's own URI stays the target.
    pub(super) fn of_uac(
        request: &Message,
        response: &Message,
        essentials: &Essentials,
        peer: Hop,
    ) -> Option<Self> {
        let routes = response.values("Record-Route").map(str::to_owned);
        let mut routes: Vec<String> = routes.collect();
        routes.reverse();
        Some(Self {
            call_id: essentials.call_id.clone(),
            local: request.value("From")?.to_owned(),
            remote: response.value("To")?.to_owned(),
            remote_tag: essentials.to.tag().unwrap_or_default().to_owned(),
            target: contact(response).or_else(|| request_uri(request))?,
            routes,
            sequence: Sequence {
                local: essentials.cseq.number,
                remote: None,
            },
            peer,
            symmetric: false,
        })
    }

    /// Whether our requests go where theirs come from, whatever routes and target say. Those stay as
    /// they are: behind the NAT they are right.
    pub(super) fn symmetric(self, symmetric: bool) -> Self {
        Self { symmetric, ..self }
    }

    pub(super) fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// A value of Replaces (RFC 3891 6.1) that names this dialog to its other side.
    pub(super) fn replaces(&self) -> String {
        let ours = NameAddr::read(&self.local).ok();
        let ours = ours.as_ref().and_then(NameAddr::tag).unwrap_or_default();
        format!(
            "{};to-tag={};from-tag={ours}",
            self.call_id, self.remote_tag
        )
    }

    /// Where their last message came from.
    pub(super) fn peer(&self) -> Hop {
        self.peer
    }

    /// Goes on counting where the early dialog stood that this one confirms.
    pub(super) fn continue_from(&mut self, early: &Self) {
        self.sequence = early.sequence;
    }

    /// Takes the CSeq number of a request from them: gaps are legal, going back is not
    /// (RFC 3261 12.2.2).
    pub(super) fn take_remote_cseq(&mut self, number: u32) -> bool {
        let higher = self.sequence.remote.is_none_or(|last| number > last);
        if higher {
            self.sequence.remote = Some(number);
        }
        higher
    }

    /// The target refresh of a re-INVITE, an UPDATE or their 2xx (RFC 3261 12.2).
    pub(super) fn refresh(&mut self, message: &Message, peer: Hop) {
        if let Some(target) = contact(message) {
            self.target = target;
        }
        self.peer = peer;
    }

    /// The peer's connection is gone: the hop the dialog names is called instead.
    pub(super) fn lose(&mut self, flow: FlowId) {
        self.peer.flow = self.peer.flow.filter(|open| *open != flow);
    }

    /// The CSeq number of our next request.
    pub(super) fn next_cseq(&mut self) -> u32 {
        // 2^31 requests in one dialog do not happen; wrapping to 1 is as good as any answer.
        self.sequence.local = (self.sequence.local % 0x7FFF_FFFF).saturating_add(1);
        self.sequence.local
    }

    /// A request inside the dialog, with `via` on top (RFC 3261 12.2.1.1).
    pub(super) fn request(&self, method: &str, cseq: u32, via: &str) -> Message {
        let strict = self.strict_first_hop();
        let uri = strict.as_ref().unwrap_or(&self.target);
        let mut message = Message::request(method, uri.as_str());
        message.push("Via", via);
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            message.push("Route", route.as_str());
        }
        if strict.is_some() {
            message.push("Route", format!("<{}>", self.target));
        }
        message.push("Max-Forwards", MAX_FORWARDS);
        message.push("From", self.local.as_str());
        message.push("To", self.remote.as_str());
        message.push("Call-ID", self.call_id.as_str());
        message.push("CSeq", format!("{cseq} {method}"));
        message
    }

    /// Where our requests go. A domain name falls back to the peer's own address, and what leads
    /// back to the peer takes its connection (RFC 5923): behind a NAT there is no other way.
    pub(super) fn next_hop(&self) -> Hop {
        if self.symmetric {
            return self.peer;
        }
        let route = self.routes.first().and_then(|route| route_uri(route));
        let named = route.as_ref().unwrap_or(&self.target).hop();
        let elsewhere = route.is_some() && named.is_some_and(|hop| !self.is_peer(hop));
        match named {
            Some(hop) if self.peer.flow.is_none() || elsewhere => hop,
            Some(_) | None => self.peer,
        }
    }

    fn is_peer(&self, hop: Hop) -> bool {
        hop.address.ip() == self.peer.address.ip()
    }

    /// The first route when it is a strict router, one without `lr`.
    fn strict_first_hop(&self) -> Option<Uri> {
        let uri = route_uri(self.routes.first()?)?;
        uri.param("lr").is_none().then_some(uri)
    }
}

fn route_uri(route: &str) -> Option<Uri> {
    NameAddr::read(route).ok().map(|route| route.uri().clone())
}

fn contact(message: &Message) -> Option<Uri> {
    let contact = NameAddr::read(message.value("Contact")?).ok()?;
    Some(contact.uri().clone())
}

fn request_uri(request: &Message) -> Option<Uri> {
    match &request.start {
        super::wire::Start::Request { uri, .. } => uri.parse().ok(),
        super::wire::Start::Response { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:hotline@192.0.2.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=f\r\n\
        To: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.9:5070>\r\n";

    fn hop(address: &str) -> Hop {
        let address: std::net::SocketAddr = address.parse().unwrap();
        address.into()
    }

    fn dialog(headers: &str) -> Dialog {
        let text = format!("{INVITE}{headers}\r\n");
        let message = super::super::wire::read_message(text.as_bytes()).unwrap();
        let essentials = Essentials::read(&message).unwrap();
        Dialog::of_uas(&message, &essentials, "ours", hop("192.0.2.77:5060")).unwrap()
    }

    #[test]
    fn a_gap_in_cseq_is_legal_and_a_step_back_is_not() {
        let mut dialog = dialog("");
        assert!(dialog.take_remote_cseq(100));
        assert!(!dialog.take_remote_cseq(100) && !dialog.take_remote_cseq(8));
    }

    #[test]
    fn loose_routes_keep_the_target_in_the_request_line() {
        let dialog = dialog("Record-Route: <sip:192.0.2.3;lr>, <sip:p2.example.com;lr>\r\n");
        let bye = dialog.request("BYE", 2, "via");
        assert_eq!(
            bye.start,
            Message::request("BYE", "sip:a@192.0.2.9:5070").start
        );
        let routes: Vec<&str> = bye.values("Route").collect();
        assert_eq!(routes, ["<sip:192.0.2.3;lr>", "<sip:p2.example.com;lr>"]);
        assert_eq!(dialog.next_hop(), hop("192.0.2.3:5060"));
    }

    #[test]
    fn a_strict_router_takes_the_request_line() {
        let dialog = dialog("Record-Route: <sip:192.0.2.3>\r\n");
        let bye = dialog.request("BYE", 2, "via");
        assert_eq!(bye.start, Message::request("BYE", "sip:192.0.2.3").start);
        assert_eq!(bye.value("Route"), Some("<sip:a@192.0.2.9:5070>"));
    }

    #[test]
    fn behind_a_nat_only_the_peer_leads_there() {
        let routes = "Record-Route: <sip:10.0.0.3;lr>\r\n";
        let dialog = dialog(routes).symmetric(true);
        assert_eq!(dialog.next_hop(), hop("192.0.2.77:5060"));
        let bye = dialog.request("BYE", 2, "via");
        assert_eq!(bye.value("Route"), Some("<sip:10.0.0.3;lr>"));
    }

    #[test]
    fn a_domain_name_as_target_falls_back_to_the_peers_address() {
        let mut dialog = dialog("");
        let text = format!("{INVITE}\r\n").replace("192.0.2.9:5070", "phone.example.com");
        let message = super::super::wire::read_message(text.as_bytes()).unwrap();
        dialog.refresh(&message, hop("192.0.2.78:5061"));
        assert_eq!(dialog.next_hop(), hop("192.0.2.78:5061"));
    }
}
