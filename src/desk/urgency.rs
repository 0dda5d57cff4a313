/// What sound servers ask for: before ordinary work, after what keeps the system alive.
const NICE: i32 = -11;

/// Lets this thread run before others that are ready, where the system allows it: sound that is late is
/// sound that is missing. Without the right to it the thread runs as any other.
pub fn run_before_others() {
    // On Linux the priority is the calling thread's own (setpriority(2), "C library/kernel differences").
    if let Err(why) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%why, "ask for priority");
    }
}
