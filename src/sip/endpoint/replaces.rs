//! A call that takes the place of another one (RFC 3891).

use super::Endpoint;
use super::gate::{Rejection, Request};
use super::legs::LegId;
use super::stage::Stage;

/// A Replaces value, from the side of whom it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replaces {
    pub(super) call_id: String,
    pub(super) to_tag: String,
    pub(super) from_tag: String,
    pub(super) early_only: bool,
}

impl Replaces {
    pub(super) fn read(value: &str) -> Option<Self> {
        let mut pieces = value.split(';').map(str::trim);
        let call_id = pieces.next().filter(|it| !it.is_empty())?.to_owned();
        let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
        for piece in pieces {
            match piece.split_once('=') {
                Some((name, tag)) if name.eq_ignore_ascii_case("to-tag") => to_tag = Some(tag),
                Some((name, tag)) if name.eq_ignore_ascii_case("from-tag") => from_tag = Some(tag),
                None if piece.eq_ignore_ascii_case("early-only") => early_only = true,
                Some(_) | None => {}
            }
        }
        Some(Self {
            call_id,
            to_tag: to_tag?.to_owned(),
            from_tag: from_tag?.to_owned(),
            early_only,
        })
    }
}

impl Endpoint {
    /// The Replaces value that names this leg to its other side: for an INVITE of somebody else
    /// to it, or for a Refer-To. None before both tags are known.
    pub fn replaces_of(&self, leg: LegId) -> Option<String> {
        let dialog = self.legs.get(leg)?.dialog()?;
        Some(dialog.replaces())
    }

    /// The leg an INVITE is to take the place of (RFC 3891 3). Who is not its peer learns nothing
    /// of it (hardening 11).
    pub(super) fn replaced(&self, request: &Request) -> Result<Option<LegId>, Rejection> {
        let mut values = request.message.values("Replaces");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let wanted = Replaces::read(value).filter(|_| values.next().is_none());
        let wanted = wanted.ok_or(Rejection::new(400))?;
        let unknown = || Rejection::new(481);
        let id = self
            .legs
            .of_dialog(&wanted.call_id, &wanted.to_tag, &wanted.from_tag);
        let id = id.ok_or_else(unknown)?;
        let leg = self.legs.get(id).ok_or_else(unknown)?;
        let peer = leg.dialog().map(|dialog| dialog.peer().address.ip());
        if peer.is_some_and(|peer| peer != request.from.address.ip()) {
            return Err(unknown());
        }
        match &leg.stage {
            // The dialog is over but for its BYE.
            Stage::Ending => Err(Rejection::new(603)),
            // An early dialog that we did not begin.
            Stage::Incoming(_) => Err(unknown()),
            Stage::Talking(_) if wanted.early_only => Err(Rejection::new(486)),
            Stage::Inviting(_) | Stage::Talking(_) => Ok(Some(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_are_read_in_any_order() {
        let it = Replaces::read("a@b ;from-tag=1; early-only;x=y;TO-TAG=2").unwrap();
        assert_eq!((it.call_id.as_str(), it.early_only), ("a@b", true));
        assert_eq!((it.to_tag.as_str(), it.from_tag.as_str()), ("2", "1"));
        for value in ["", "a@b", "a@b;to-tag=1", ";to-tag=1;from-tag=2"] {
            assert_eq!(Replaces::read(value), None, "{value}");
        }
    }
}
