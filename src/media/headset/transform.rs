use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Samples that are worked on at once: 10 ms at 16 kHz.
pub(super) const HOP: usize = 160;

/// A hop and the one before it.
pub(super) const SPAN: usize = 2 * HOP;

/// Frequencies of a span, 50 Hz apart.
pub(super) const BINS: usize = HOP + 1;

pub(super) type Hop = [f32; HOP];
pub(super) type Span = [f32; SPAN];
pub(super) type Spectrum = [Complex32; BINS];

pub(super) const NO_SPECTRUM: Spectrum = [Complex32::ZERO; BINS];

/// Spectra of spans and back, without allocating.
pub(super) struct Transform {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex32>,
}

impl Transform {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(SPAN);
        let inverse = planner.plan_fft_inverse(SPAN);
        let longest = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            forward,
            inverse,
            scratch: vec![Complex32::ZERO; longest],
        }
    }

    pub(super) fn spectrum(&mut self, mut span: Span) -> Spectrum {
        let mut spectrum = NO_SPECTRUM;
        // It refuses lengths only, and these are its own.
        let _ = self
            .forward
            .process_with_scratch(&mut span, &mut spectrum, &mut self.scratch);
        spectrum
    }

    pub(super) fn span(&mut self, mut spectrum: Spectrum) -> Span {
        let mut span = [0.0; SPAN];
        // A real span has no imaginary part there.
        for real in [0, BINS - 1] {
            spectrum[real].im = 0.0;
        }
        // It refuses lengths only, and these are its own.
        let _ = self
            .inverse
            .process_with_scratch(&mut spectrum, &mut span, &mut self.scratch);
        span.map(|sample| sample / SPAN as f32)
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}
