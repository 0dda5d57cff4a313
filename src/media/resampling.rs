/// The Kaiser window at `place` of its half width (0 is its middle, 1 its end).
pub(super) fn kaiser(place: f64, beta: f64) -> f64 {
    let inside = (1.0 - place * place).max(0.0).sqrt();
    bessel_i0(beta * inside) / bessel_i0(beta)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let terms = (1..=60).scan(1.0, |term, n| {
        *term *= quarter / f64::from(n * n);
        Some(*term)
    });
    1.0 + terms.sum::<f64>()
}
