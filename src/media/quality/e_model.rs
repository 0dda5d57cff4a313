use std::time::Duration;

use crate::media::codec::{Codec, Rate};

/// Basic signal-to-noise ratio, and what impairs the voice itself, at the default values (G.107 7.7).
const RO: f64 = 94.77;
const IS: f64 = 1.41;
/// Echo is loud where a telephone has no good canceller: its default loudness (TELR) and return loss (WEPL), in dB.
const TALKER_ECHO_DB: f64 = 65.0;
const ECHO_PATH_DB: f64 = 110.0;

/// What a codec costs, and how well it bears loss, on the scale of its bandwidth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equipment {
    /// Ie of G.113, or Ie,WB.
    impairment: f64,
    /// Bpl of G.113.
    robustness: f64,
    /// What wideband adds to R (G.107.1: 129 instead of 93.2).
    bonus: f64,
    /// R of the wideband scale is divided by it before it becomes a MOS (G.107.1 Annex A).
    scale: f64,
}

/// With packet loss concealment (G.113 Appendix I, table I.3).
const G711: Equipment = Equipment {
    impairment: 0.0,
    robustness: 25.1,
    bonus: 0.0,
    scale: 1.0,
};

/// At 64 kbit/s (G.113 Appendix IV). It is concealed as G.711 is, and taken to bear loss as well.
const G722: Equipment = Equipment {
    impairment: 13.0,
    robustness: 25.1,
    bonus: 35.8,
    scale: 1.29,
};

/// G.113 has no value: taken as AMR-WB at 15.85 kbit/s (G.113 Appendix IV), with in-band FEC.
const OPUS: Equipment = Equipment {
    impairment: 7.0,
    robustness: 25.1,
    bonus: 35.8,
    scale: 1.29,
};

impl Equipment {
    pub fn of(codec: Codec) -> Self {
        match codec.rate() {
            Rate::Narrow => G711,
            // RFC 3551 4.5.2: the clock of G.722 is half its sample rate; that of Opus is 48 kHz.
            Rate::Wide if codec.clock_hz() == 8_000 => G722,
            Rate::Wide => OPUS,
        }
    }
}

/// What happens to sound on its way from a mouth to an ear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    pub delay: Duration,
    /// The share of packets that are not heard, 0 to 1: lost, or too late.
    pub lost: f64,
    /// How much longer the bursts are than chance would make them: 1 is chance.
    pub burst_ratio: f64,
}

/// The transmission rating of a way (G.107 7.1), 0 to 100; wideband up to 129.
pub fn rating(equipment: Equipment, way: Way) -> f64 {
    let Equipment { bonus, .. } = equipment;
    let r = RO - IS + bonus - delay_impairment(way.delay) - loss_impairment(equipment, way);
    r.clamp(0.0, 93.2 + bonus)
}

/// What listeners would say of it, 1 to 4.5 (G.107 Annex B), on the scale of its bandwidth.
pub fn mos(equipment: Equipment, rating: f64) -> f64 {
    let r = (rating / equipment.scale).clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// Ie,eff (G.107 7.5).
fn loss_impairment(equipment: Equipment, way: Way) -> f64 {
    let percent = 100.0 * way.lost.clamp(0.0, 1.0);
    let ie = equipment.impairment;
    let burst = way.burst_ratio.max(1.0);
    ie + (95.0 - ie) * percent / (percent / burst + equipment.robustness)
}

/// Id: the echoes of both ends, and the delay itself (G.107 7.4).
fn delay_impairment(delay: Duration) -> f64 {
    let one_way_ms = delay.as_secs_f64() * 1_000.0;
    talker_echo(one_way_ms) + listener_echo(2.0 * one_way_ms) + sheer_delay(one_way_ms)
}

fn talker_echo(t: f64) -> f64 {
    let masked = 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10();
    let perceived = TALKER_ECHO_DB - masked + 6.0 * (-0.3 * t * t).exp();
    let difference = RO - (80.0 + 2.5 * (perceived - 14.0));
    (difference / 2.0 + (difference * difference / 4.0 + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp())
}

fn listener_echo(round_trip: f64) -> f64 {
    let difference = RO - 10.5 * (ECHO_PATH_DB + 7.0) * (round_trip + 1.0).powf(-0.25);
    difference / 2.0 + (difference * difference / 4.0 + 169.0).sqrt()
}

fn sheer_delay(t: f64) -> f64 {
    if t <= 100.0 {
        return 0.0;
    }
    let x = (t / 100.0).log2();
    let sixth_root = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth_root(x) - 3.0 * sixth_root(x / 3.0) + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r_at(delay_ms: u64, lost: f64) -> f64 {
        let delay = Duration::from_millis(delay_ms);
        let way = Way {
            delay,
            lost,
            burst_ratio: 1.0,
        };
        rating(G711, way)
    }

    /// G.107 7.7 and Annex B: 93.2 is 4.41; table B.1 has the others.
    #[test]
    fn the_published_points_are_met() {
        assert!((r_at(0, 0.0) - 93.2).abs() < 0.05, "{}", r_at(0, 0.0));
        for (r, expected) in [
            (93.2, 4.41),
            (90.0, 4.34),
            (80.0, 4.03),
            (70.0, 3.60),
            (60.0, 3.10),
            (50.0, 2.58),
            (0.0, 1.0),
        ] {
            assert!((mos(G711, r) - expected).abs() < 0.01, "{r}");
        }
    }

    /// Cole and Rosenbluth (2001) fitted Id of G.107 by 0.024 d + 0.11 (d - 177.3) above 177.3 ms.
    #[test]
    fn delay_costs_what_its_published_fit_says() {
        for delay_ms in [50, 100, 150, 200, 250, 300] {
            let d = delay_ms as f64;
            let fit = 93.2 - 0.024 * d - 0.11 * (d - 177.3).max(0.0);
            assert!((r_at(delay_ms, 0.0) - fit).abs() < 1.0, "{delay_ms} ms");
        }
    }

    /// G.113 Appendix I (1999) tabulates Ie of G.711 with concealment under random loss; Bpl was fitted to it later.
    #[test]
    fn loss_costs_what_is_published_for_concealed_g711() {
        for (percent, expected) in [
            (1.0, 5.0),
            (2.0, 7.0),
            (3.0, 10.0),
            (5.0, 15.0),
            (10.0, 25.0),
        ] {
            let cost = r_at(0, 0.0) - r_at(0, percent / 100.0);
            assert!((cost - expected).abs() <= 2.5, "{percent} %: {cost}");
        }
    }

    #[test]
    fn bursts_cost_more_than_chance() {
        let way = |burst_ratio| Way {
            delay: Duration::from_millis(80),
            lost: 0.05,
            burst_ratio,
        };
        assert!(rating(G711, way(2.0)) < rating(G711, way(1.0)) - 1.0);
        assert_eq!(rating(G711, way(0.0)), rating(G711, way(1.0)));
    }

    #[test]
    fn wideband_sounds_good_on_its_own_scale() {
        let way = Way {
            delay: Duration::from_millis(60),
            lost: 0.0,
            burst_ratio: 1.0,
        };
        let of = |equipment| mos(equipment, rating(equipment, way));
        assert!(of(G722) > 4.2 && of(OPUS) > of(G722));
    }
}
