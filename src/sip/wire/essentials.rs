use std::fmt;

use super::cseq::CSeq;
use super::message::{Message, Start};
use super::name_addr::NameAddr;
use super::via::Via;

/// The five headers without which nothing can be said about a message (RFC 3261 8.1.1).
#[derive(Clone, Debug)]
pub(crate) struct Essentials {
    pub(crate) via: Via,
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) call_id: String,
    pub(crate) cseq: CSeq,
}

/// Which of them is wrong: the reason phrase of our 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(&'static str);

impl Misfit {
    pub(crate) fn reason(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Essentials {
    pub(crate) fn read(message: &Message) -> Result<Self, Misfit> {
        let via = message.value("Via").ok_or(Misfit("Missing Via"))?;
        let cseq = single(message, "CSeq").ok_or(Misfit("Missing or Repeated CSeq"))?;
        let cseq = CSeq::read(cseq).map_err(|_| Misfit("Malformed CSeq"))?;
        if let Start::Request { method, .. } = &message.start
            && *method != cseq.method
        {
            return Err(Misfit("CSeq Names Another Method"));
        }
        let call_id = single(message, "Call-ID").filter(|it| !it.is_empty());
        Ok(Self {
            via: Via::read(via).map_err(|_| Misfit("Malformed Via"))?,
            from: address(message, "From").ok_or(Misfit("Malformed From"))?,
            to: address(message, "To").ok_or(Misfit("Malformed To"))?,
            call_id: call_id
                .ok_or(Misfit("Missing or Repeated Call-ID"))?
                .to_owned(),
            cseq,
        })
    }

    pub(crate) fn sender_tag(&self) -> &str {
        self.from.tag().unwrap_or_default()
    }
}

fn address(message: &Message, name: &str) -> Option<NameAddr> {
    NameAddr::read(single(message, name)?).ok()
}

/// The only value of `name`; none when it is missing or comes twice.
fn single<'a>(message: &'a Message, name: &'a str) -> Option<&'a str> {
    let mut values = message.values(name);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}
