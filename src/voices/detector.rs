use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rten::{LoadError, Model, ModelOptions, NodeId, RunError, RunOptions, ThreadPool, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::media::LegKey;
use crate::media::hearing::{BLOCK_SAMPLES, Block};

/// Silero VAD, the half for 8 kHz (config/models).
static MODEL: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/config/models/silero_vad_8k.onnx"
));

/// The model hears a block with so many samples of the one before.
const BEFORE: usize = 32;

/// Legs that are remembered, 1.2 kB each; past it who was heard longest ago begins anew.
const LEGS_MAX: usize = 4_096;

/// Tells how likely a block is a human voice; remembers of each leg what it heard before.
pub struct Detector {
    model: Model,
    pool: Arc<ThreadPool>,
    nodes: Nodes,
    legs: BTreeMap<LegKey, Memory>,
    blocks: u64,
}

#[derive(Clone, Copy)]
struct Nodes {
    input: NodeId,
    state: NodeId,
    output: NodeId,
    next_state: NodeId,
}

struct Memory {
    before: [f32; BEFORE],
    state: NdTensor<f32, 3>,
    /// The count of blocks when it was heard last.
    heard: u64,
}

/// The model cannot be read, or cannot be run.
#[derive(Debug)]
pub enum DetectorError {
    Unreadable(LoadError),
    Failed(RunError),
    /// What came out is no likelihood and state.
    Unshaped,
}

impl Detector {
    /// Reads the model, which is part of the binary.
    pub fn new() -> Result<Self, DetectorError> {
        let known = op_registry!(
            Add, Concat, Conv, Gather, Gemm, Mul, Pad, Pow, ReduceMean, Relu, Sigmoid, Slice,
            Split, Sqrt, Squeeze, Tanh, Unsqueeze
        );
        let model = ModelOptions::with_ops(known)
            .load_static_slice(MODEL)
            .map_err(DetectorError::Unreadable)?;
        let node = |name| model.node_id(name).map_err(DetectorError::Failed);
        let nodes = Nodes {
            input: node("input")?,
            state: node("state")?,
            output: node("output")?,
            next_state: node("stateN")?,
        };
        Ok(Self {
            // One block is too little work for two threads.
            pool: Arc::new(ThreadPool::with_num_threads(1)),
            nodes,
            legs: BTreeMap::new(),
            model,
            blocks: 0,
        })
    }

    /// Works on the thread that the model runs on: else each block is handed there and back, at twice the cost.
    pub fn at_home<R: Send>(&mut self, work: impl FnOnce(&mut Self) -> R + Send) -> R {
        let pool = Arc::clone(&self.pool);
        pool.run(move || work(self))
    }

    /// How likely the block is a human voice, 0 to 1.
    pub fn hear(&mut self, leg: LegKey, block: &Block) -> Result<f32, DetectorError> {
        self.blocks += 1;
        let mut memory = match self.legs.remove(&leg) {
            Some(memory) if block.follows => memory,
            Some(_) | None => Memory::new(),
        };
        memory.heard = self.blocks;
        let likely = self.run(&mut memory, block)?;
        self.make_room();
        self.legs.insert(leg, memory);
        Ok(likely)
    }

    pub fn forget(&mut self, leg: LegKey) {
        self.legs.remove(&leg);
    }

    fn run(&self, memory: &mut Memory, block: &Block) -> Result<f32, DetectorError> {
        let now = block.samples.map(|sample| f32::from(sample) / 32_768.0);
        let input: Vec<f32> = memory.before.iter().chain(&now).copied().collect();
        memory
            .before
            .copy_from_slice(&now[BLOCK_SAMPLES - BEFORE..]);
        let input = NdTensor::from_data([1, BEFORE + BLOCK_SAMPLES], input);
        let inputs = vec![
            (self.nodes.input, input.view().into()),
            (self.nodes.state, memory.state.view().into()),
        ];
        let outputs = [self.nodes.output, self.nodes.next_state];
        let pool = Some(Arc::clone(&self.pool));
        let options = Some(RunOptions::default().with_thread_pool(pool));
        let [likely, state] = self
            .model
            .run_n(inputs, outputs, options)
            .map_err(DetectorError::Failed)?;
        memory.state = state.try_into().map_err(|_| DetectorError::Unshaped)?;
        let likely: NdTensor<f32, 2> = likely.try_into().map_err(|_| DetectorError::Unshaped)?;
        likely.iter().next().copied().ok_or(DetectorError::Unshaped)
    }

    fn make_room(&mut self) {
        if self.legs.len() < LEGS_MAX {
            return;
        }
        let oldest = self.legs.iter().min_by_key(|(_, memory)| memory.heard);
        if let Some(leg) = oldest.map(|(leg, _)| *leg) {
            self.legs.remove(&leg);
        }
    }
}

impl Memory {
    fn new() -> Self {
        Self {
            before: [0.0; BEFORE],
            state: NdTensor::zeros([2, 1, 128]),
            heard: 0,
        }
    }
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let legs = self.legs.len();
        f.debug_struct("Detector").field("legs", &legs).finish()
    }
}

impl fmt::Display for DetectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "read the model of human voices: {error}"),
            Self::Failed(error) => write!(f, "run the model of human voices: {error}"),
            Self::Unshaped => f.write_str("run the model of human voices: no likelihood came out"),
        }
    }
}

impl std::error::Error for DetectorError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::phrasebook::Phrasebook;
    use crate::words::{Entropy, Language, PromptId};

    const LEG: LegKey = LegKey::new(1);

    /// How many of the blocks are more likely a voice than not.
    fn voiced(sound: &[i16]) -> (usize, usize) {
        let mut detector = Detector::new().unwrap();
        let blocks = sound.as_chunks::<BLOCK_SAMPLES>().0;
        let heard = (0..).zip(blocks).map(|(n, samples)| Block {
            samples: *samples,
            follows: n > 0,
            begins: n == 0,
        });
        let voiced = heard.filter(|block| detector.hear(LEG, block).unwrap() > 0.5);
        (voiced.count(), blocks.len())
    }

    #[test]
    fn a_phrase_is_a_voice_and_noise_and_tones_are_none() {
        let book = Phrasebook::shipped();
        let phrase: PromptId = "rating_menu".parse().unwrap();
        let clip = book.clip(&phrase, Language::ZhCn).unwrap();
        let (voice, of) = voiced(clip.samples());
        assert!(voice * 10 > of * 7, "{voice} of {of}");
        let mut entropy = Entropy::from_number(5);
        let noise: Vec<i16> = (0..40_000).map(|_| entropy.u16() as i16 / 16).collect();
        assert_eq!(voiced(&noise).0, 0);
        let tone = (0..40_000).map(|n| ((n as f32 * 0.353).sin() * 6_000.0) as i16);
        assert_eq!(voiced(&tone.collect::<Vec<_>>()).0, 0);
    }

    #[test]
    fn legs_past_the_limit_push_the_oldest_out() {
        let mut detector = Detector::new().unwrap();
        let block = Block {
            samples: [0; BLOCK_SAMPLES],
            follows: true,
            begins: false,
        };
        detector.blocks = 7;
        for leg in 0..LEGS_MAX as u32 {
            detector.legs.insert(LegKey::new(leg), Memory::new());
        }
        detector.hear(LegKey::new(9_999), &block).unwrap();
        assert_eq!(detector.legs.len(), LEGS_MAX);
        assert!(!detector.legs.contains_key(&LegKey::new(0)));
    }
}
