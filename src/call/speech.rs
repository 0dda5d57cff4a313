//! What we are saying, and the manners of it (D14).

use serde::{Deserialize, Serialize};

use crate::words::{Moment, Party, PromptId};

/// One saying of a phrase; counts up within a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Utterance(pub u64);

/// When a phrase may begin, and whether a voice stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) begins: Begins,
    pub(super) gives_way: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    Now,
    /// Not over a speaking caller, who is waited for a little.
    AtPause,
    /// On the grid.
    At(Moment),
}

impl Manner {
    /// Waits for a pause and is then heard out.
    pub(super) const POLITE: Self = Self {
        begins: Begins::AtPause,
        gives_way: false,
    };
    /// Waits for a pause and stops for a voice.
    pub(super) const YIELDING: Self = Self {
        begins: Begins::AtPause,
        gives_way: true,
    };
    /// The greeting: at once, and it stops for a voice.
    pub(super) const GREETING: Self = Self {
        begins: Begins::Now,
        gives_way: true,
    };
    /// At once, heard out.
    pub(super) const FIRM: Self = Self {
        begins: Begins::Now,
        gives_way: false,
    };

    pub(super) fn on_grid(at: Moment) -> Self {
        Self {
            begins: Begins::At(at),
            gives_way: false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Playing {
    pub(super) utterance: Utterance,
    pub(super) gives_way: bool,
}

/// A phrase that waits for a pause.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) phrase: PromptId,
    pub(super) manner: Manner,
}

/// What is being said to whom: at most one phrase a party, one waiting for the caller.
#[derive(Debug, Default)]
pub(super) struct Speech {
    last: u64,
    to_caller: Option<Playing>,
    to_target: Option<Playing>,
    pub(super) pending: Option<Pending>,
}

impl Speech {
    pub(super) fn begin(&mut self, to: Party, gives_way: bool) -> Utterance {
        self.last += 1;
        let utterance = Utterance(self.last);
        *self.place(to) = Some(Playing {
            utterance,
            gives_way,
        });
        utterance
    }

    pub(super) fn playing(&self, to: Party) -> Option<Playing> {
        match to {
            Party::Target => self.to_target,
            Party::Caller | Party::Rep => self.to_caller,
        }
    }

    /// To whom this utterance is being said; `None` when it is not, any more.
    pub(super) fn hearer(&self, utterance: Utterance) -> Option<Party> {
        [Party::Caller, Party::Target].into_iter().find(|to| {
            self.playing(*to)
                .is_some_and(|playing| playing.utterance == utterance)
        })
    }

    pub(super) fn end(&mut self, to: Party) -> Option<Playing> {
        self.place(to).take()
    }

    fn place(&mut self, to: Party) -> &mut Option<Playing> {
        match to {
            Party::Target => &mut self.to_target,
            Party::Caller | Party::Rep => &mut self.to_caller,
        }
    }
}
