//! What holds whatever is ordered and whatever comes in: seeded random programs.

use std::collections::BTreeMap;

use super::*;

const LEGS: [LegKey; 3] = [CALLER, REP, TARGET];

/// A program of random orders, packets, rubbish and stalls.
struct Program {
    rig: Rig,
    entropy: Entropy,
    utterances: u64,
    clips: Vec<Arc<Clip>>,
}

impl Program {
    fn new(seed: u64) -> Self {
        let clips = [0, 7, 160, 1_000, 8_000]
            .map(|length| Arc::new(Clip::from_samples(vec![3_000; length])))
            .to_vec();
        let entropy = Entropy::from_number(seed);
        Self {
            rig: Rig::new(&LEGS),
            entropy,
            utterances: 0,
            clips,
        }
    }

    fn leg(&mut self) -> LegKey {
        LEGS[self.entropy.below(3) as usize]
    }

    fn clip(&mut self) -> Arc<Clip> {
        Arc::clone(&self.clips[self.entropy.below(5) as usize])
    }

    fn step(&mut self) {
        let leg = self.leg();
        match self.entropy.below(12) {
            0 => self.say(leg),
            1 => {
                let utterance = self.entropy.below(1 + self.utterances as u32).into();
                self.rig.order(Order::Cut { leg, utterance });
            }
            2 => self.hear(leg),
            3 => self.retarget(leg),
            4 => self.rig.order(Order::SendKeys {
                leg,
                keys: vec![Key::ONE; 3],
            }),
            5 => self.rig.watch(leg),
            6 => self.rig.stall(ms(self.entropy.below(300).into())),
            7 => self.rubbish(leg),
            _ => {
                self.packet(leg);
                self.rig.run(ms(self.entropy.below(60).into()));
            }
        }
    }

    fn say(&mut self, leg: LegKey) {
        self.utterances += 1;
        let clip = self.clip();
        let not_before = self.rig.now + ms(self.entropy.below(120).into());
        self.rig.say(leg, self.utterances, &clip, not_before);
    }

    fn hear(&mut self, leg: LegKey) {
        let mut maybe =
            || (self.entropy.below(2) == 0).then(|| LEGS[self.entropy.below(3) as usize]);
        let (legs, phrases_to) = ([maybe(), maybe()], maybe());
        let bed = match self.entropy.below(2) {
            0 => Bed::Silence,
            _ => Bed::Music(self.clip(), Under::Duck),
        };
        let keys = self.entropy.below(2) == 0;
        self.rig.order(Order::Hear {
            leg,
            hears: Hears {
                legs,
                phrases_to,
                keys,
                levelled: keys,
                bed,
            },
        });
    }

    fn retarget(&mut self, leg: LegKey) {
        let sends = self.entropy.below(4) > 0;
        let receives = self.entropy.below(4) > 0;
        let spec = LegSpec {
            sends,
            receives,
            ..spec(leg, Codec::Pcma)
        };
        self.rig.order(Order::Retarget { leg, spec });
    }

    fn packet(&mut self, leg: LegKey) {
        let header = RtpHeader {
            payload_type: [8, 0, 13, 101][self.entropy.below(4) as usize],
            marker: self.entropy.below(2) == 0,
            sequence: self.entropy.u16(),
            timestamp: self.entropy.u32(),
            ssrc: self.entropy.below(3),
        };
        let length = [4, 80, 160, 240, 480][self.entropy.below(5) as usize];
        let payload: Vec<u8> = (0..length).map(|_| self.entropy.below(256) as u8).collect();
        self.rig.receive(leg, header, &payload);
    }

    fn rubbish(&mut self, leg: LegKey) {
        let length = self.entropy.below(80) as usize;
        let mut datagram: Vec<u8> = (0..length).map(|_| self.entropy.below(256) as u8).collect();
        if let [first, second, ..] = datagram.as_mut_slice() {
            *first = 0x80 | *first & 0x3f;
            *second = [8, 101, 200, 201, 203][self.entropy.below(5) as usize];
        }
        self.rig
            .stage
            .receive_rtp(leg, remote(leg), &mut datagram, self.rig.now);
        self.rig
            .stage
            .receive_rtcp(leg, remote_rtcp(leg), &mut datagram, self.rig.now);
        self.rig.collect();
    }
}

fn sequences_run_on_and_no_timestamp_is_used_twice(rig: &Rig, seed: u64) {
    for leg in LEGS {
        let sent = rig.sent(leg);
        assert!(steps(&sent).iter().all(|step| step.0 == 1), "seed {seed}");
        let sound: Vec<Packet> = sent
            .into_iter()
            .filter(|p| p.header.payload_type == 8)
            .collect();
        let forward = |step: &(u16, u32, Duration)| {
            step.1 > 0 && step.1 < 1 << 31 && step.1.is_multiple_of(160)
        };
        assert!(steps(&sound).iter().all(forward), "seed {seed}");
        assert!(sound.iter().all(|packet| packet.payload.len() == 160));
    }
}

fn every_phrase_ends_once(rig: &Rig, utterances: u64, seed: u64) {
    let mut ends = BTreeMap::new();
    for (utterance, _) in rig.ended() {
        *ends.entry(utterance).or_insert(0) += 1;
    }
    let once = (1..=utterances).map(|utterance| (utterance, 1)).collect();
    assert_eq!(ends, once, "seed {seed}");
}

#[test]
fn streams_run_on_and_every_phrase_ends_once_whatever_happens() {
    for seed in 0..40 {
        let mut program = Program::new(seed);
        (0..400).for_each(|_| program.step());
        for leg in LEGS {
            program.rig.order(Order::Close { leg });
        }
        sequences_run_on_and_no_timestamp_is_used_twice(&program.rig, seed);
        every_phrase_ends_once(&program.rig, program.utterances, seed);
        assert_eq!(program.rig.stage.discarded(), 0);
    }
}
