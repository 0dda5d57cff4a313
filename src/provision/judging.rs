use super::{Digest, Index, PublicKey, Refusal};

/// What a server gave: the bytes of an index and of its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub index: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub serial: u64,
    /// Of its index.
    pub digest: Digest,
    /// No file of it is lacking or spoilt.
    pub is_whole: bool,
}

/// What is to be done with an offer that is right.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// It is what is in use.
    Same,
    Newer(Index),
}

/// Whether an offer counts: signed by the admin, and no older than what is in use.
pub fn judge(offer: &Offer, held: Option<&Held>, key: &PublicKey) -> Result<Judged, Refusal> {
    key.verify(&offer.index, &offer.signature)?;
    let index = Index::read(&offer.index)?;
    let Some(held) = held else {
        return Ok(Judged::Newer(index));
    };
    let offered = index.serial;
    match (Digest::of(&offer.index) == held.digest, held.is_whole) {
        (true, true) => Ok(Judged::Same),
        (true, false) => Ok(Judged::Newer(index)),
        (false, _) if offered > held.serial => Ok(Judged::Newer(index)),
        (false, _) => Err(Refusal::Older {
            offered,
            held: held.serial,
        }),
    }
}
