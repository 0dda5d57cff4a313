use crate::media::hearing::EchoFound;
use crate::media::hearing::echo::{self, Echo, STEPS};

/// What comes back by so much weaker than it was played is heard by nobody, dB.
const RETURN_LOSS_MAX_DB: f32 = 40.0;

/// Frames between two judgements: 100 ms.
const JUDGED_FRAMES: u8 = 5;

/// Blocks of 10 ms that were played and not compared yet; more are of a microphone that stands still, and are forgotten.
const PLAYED_MAX: usize = 16;

/// Finds out whether what the ear plays is in what the microphone captures: by the rise and fall of both, as the line
/// doctor does with a line.
#[derive(Debug)]
pub(super) struct EchoWatch {
    echo: Echo,
    played: Played,
    frames: u8,
}

/// The loudness of the last blocks, the oldest first.
#[derive(Debug)]
struct Played {
    blocks: [f32; PLAYED_MAX],
    length: usize,
}

impl EchoWatch {
    pub(super) fn new() -> Self {
        Self {
            echo: Echo::new(),
            played: Played {
                blocks: [0.0; PLAYED_MAX],
                length: 0,
            },
            frames: 0,
        }
    }

    /// Hears what the ear plays, one or two blocks of 10 ms of `block_samples`.
    pub(super) fn hear_played(&mut self, frame: &[i16], block_samples: usize) {
        for block in frame.chunks_exact(block_samples.max(1)) {
            self.played.push(echo::loudness(block));
        }
    }

    /// Hears 20 ms of the microphone; the echo, where one was found.
    pub(super) fn hear(&mut self, frame: &[i16]) -> Option<EchoFound> {
        self.echo.hear(self.played.take(), echo::levels(frame));
        self.frames = (self.frames + 1) % JUDGED_FRAMES;
        if self.frames > 0 {
            return None;
        }
        self.echo.judge(RETURN_LOSS_MAX_DB);
        self.echo.found()
    }
}

impl Played {
    fn push(&mut self, block: f32) {
        if self.length == PLAYED_MAX {
            self.blocks.rotate_left(1);
            self.length -= 1;
        }
        self.blocks[self.length] = block;
        self.length += 1;
    }

    /// The oldest 20 ms; silence where nothing is played.
    fn take(&mut self) -> [f32; STEPS] {
        if self.length < STEPS {
            return Echo::SILENCE;
        }
        let oldest = std::array::from_fn(|step| self.blocks[step]);
        self.blocks.rotate_left(STEPS);
        self.length -= STEPS;
        oldest
    }
}
