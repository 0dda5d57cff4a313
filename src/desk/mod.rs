//! L3. Composition: owns the calls and the clock.
