//! Which threads run first when the processors are short: sound that is late is sound that is missing.

#[cfg(target_os = "linux")]
pub use self::nice::{run_after_others, run_before_others};
#[cfg(not(target_os = "linux"))]
pub use self::sound_class::{run_after_others, run_before_others};

#[cfg(target_os = "linux")]
mod nice {
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
}

/// Where threads are put in classes: Windows (MMCSS, "Audio") and macOS (time constraint).
#[cfg(not(target_os = "linux"))]
mod sound_class {
    use audio_thread_priority::promote_current_thread_to_real_time;

    /// macOS is told the beat of the work: a frame of 20 ms.
    const FRAME_SAMPLES: u32 = 960;
    const SAMPLE_RATE: u32 = 48_000;

    /// Lets this thread run before others until it ends, where the system allows it; else it runs as any other.
    pub fn run_before_others() {
        if let Err(why) = promote_current_thread_to_real_time(FRAME_SAMPLES, SAMPLE_RATE) {
            tracing::debug!(%why, "ask for a priority");
        }
    }

    /// Work that can wait runs as any other: there is no class for it that does not stop it, too.
    pub fn run_after_others() {}
}
