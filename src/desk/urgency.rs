//! Which threads run first when the processors are short: sound that is late is sound that is missing.

/// What sound servers ask for: before ordinary work, after what keeps the system alive.
const SOUND: i32 = -11;
/// Work that can wait: listening to what was recorded.
const LATER: i32 = 10;

/// Lets this thread run before others, where the system allows it; else it runs as any other.
pub fn run_before_others() {
    ask(SOUND);
}

/// Lets others run before this thread.
pub fn run_after_others() {
    ask(LATER);
}

/// On Linux the priority is the calling thread's own (setpriority(2), "C library/kernel differences").
fn ask(nice: i32) {
    if let Err(why) = rustix::process::setpriority_process(None, nice) {
        tracing::debug!(nice, %why, "ask for a priority");
    }
}
