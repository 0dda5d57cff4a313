//! Named points at which a test stops the whole agent, to kill it just there (`tests/checker/`).
//!
//! `THIRDRING_FAILPOINT=invite-sent:2` stops it when that point is reached for the second time: it says so on standard
//! output and stands still, all threads, until it is killed. Built only where `debug_assertions` are: who can set a
//! variable of a released agent must not be able to stop its calls, and no call should pay for a test.

/// Where what was promised and what was done could part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failpoint {
    /// A promise is on disk, and nobody has been told.
    NoteCommitted,
    /// An attempt's row is on disk, and nobody has been called.
    AttemptCommitted,
    /// The customer's INVITE has left.
    InviteSent,
    /// His 200 has been read, and nothing is written of it.
    Answered,
}

impl Failpoint {
    pub const ALL: [Self; 4] = [
        Self::NoteCommitted,
        Self::AttemptCommitted,
        Self::InviteSent,
        Self::Answered,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoteCommitted => "note-committed",
            Self::AttemptCommitted => "attempt-committed",
            Self::InviteSent => "invite-sent",
            Self::Answered => "answered",
        }
    }
}

/// Does not return where this point was chosen and it is its turn.
#[cfg(debug_assertions)]
pub fn reached(point: Failpoint) {
    chosen::reached(point);
}

#[cfg(not(debug_assertions))]
pub fn reached(_: Failpoint) {}

#[cfg(debug_assertions)]
mod chosen {
    use std::env;
    use std::io::{self, Write};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Failpoint;

    const VARIABLE: &str = "THIRDRING_FAILPOINT";

    /// The point, and which time it is reached.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Chosen {
        point: Failpoint,
        nth: u32,
    }

    pub(super) fn reached(point: Failpoint) {
        static CHOSEN: OnceLock<Option<Chosen>> = OnceLock::new();
        static TIMES: AtomicU32 = AtomicU32::new(0);
        let chosen = CHOSEN.get_or_init(|| read(&env::var(VARIABLE).ok()?));
        if let Some(chosen) = chosen
            && chosen.point == point
            && TIMES.fetch_add(1, Ordering::Relaxed) + 1 == chosen.nth
        {
            stand_still(point);
        }
    }

    /// `name:nth`, from 1.
    pub(super) fn read(text: &str) -> Option<Chosen> {
        let (name, nth) = text.split_once(':')?;
        let point = Failpoint::ALL.into_iter().find(|it| it.as_str() == name)?;
        let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
        Some(Chosen { point, nth })
    }

    fn stand_still(point: Failpoint) -> ! {
        let mut out = io::stdout().lock();
        // Whoever listens is the one to kill us; without him we stand still all the same.
        let _ = writeln!(out, "FAILPOINT {}", point.as_str()).and_then(|()| out.flush());
        stop_all_threads();
        loop {
            std::thread::park();
        }
    }

    #[cfg(unix)]
    fn stop_all_threads() {
        use rustix::process::{Signal, getpid, kill_process};

        // This thread stands still in any case.
        let _ = kill_process(getpid(), Signal::STOP);
    }

    #[cfg(not(unix))]
    fn stop_all_threads() {}

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_point_is_chosen_by_its_name_and_its_turn() {
            let second = Chosen {
                point: Failpoint::InviteSent,
                nth: 2,
            };
            assert_eq!(read("invite-sent:2"), Some(second));
            for wrong in ["", "invite-sent", "invite-sent:0", "invite:1", "answered:x"] {
                assert_eq!(read(wrong), None, "{wrong}");
            }
        }
    }
}
