use super::payload::Payload;

/// The most that an Opus stream of ours has a second, in bits; who cannot take it gets another codec.
const OPUS_BIT_RATE: u32 = 24_000;

/// A codec of ours, as session descriptions name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

/// The codecs we speak here, each once, the one we like best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codecs(Vec<Codec>);

impl Codec {
    pub const ALL: [Self; 4] = [Self::Pcma, Self::Pcmu, Self::G722, Self::Opus];

    /// The one a payload type of theirs is, if it is one.
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        let all = Self::ALL.into_iter();
        let mut alike = all.filter(|it| payload.is(it.encoding()));
        alike.find(|it| it.clock_hz() == payload.clock_rate_hz && it.fits(payload))
    }

    /// The encoding name (RFC 3551, RFC 7587).
    pub(super) fn encoding(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// Of the RTP timestamps: 8,000 for G.722, too (RFC 3551 4.5.2).
    pub(super) fn clock_hz(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// The payload type we offer it under: a static one, or what browsers have.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// What is told beside the name. Opus is always `/2`, and what one likes to hear is told apart (RFC 7587 7).
    pub(super) fn channels(self) -> &'static str {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => "",
            Self::Opus => "/2",
        }
    }

    /// What we like to hear (RFC 7587 6.1): one channel up to 8 kHz, each packet with the one before it in small.
    pub(super) fn parameters(self) -> Option<String> {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => None,
            Self::Opus => Some(format!(
                "useinbandfec=1;maxaveragebitrate={OPUS_BIT_RATE};maxplaybackrate=16000;stereo=0;usedtx=0"
            )),
        }
    }

    fn fits(self, payload: &Payload) -> bool {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => payload.channels == 1,
            // Some leave the /2 out. What else they would like to hear may be passed over.
            Self::Opus => {
                let most = payload.parameter("maxaveragebitrate");
                let most = most.and_then(|it| it.parse::<u32>().ok());
                most.is_none_or(|most| most >= OPUS_BIT_RATE)
            }
        }
    }
}

impl Codecs {
    /// The first of each counts; none where there is none.
    pub fn new(codecs: &[Codec]) -> Option<Self> {
        let mut each = Vec::with_capacity(Codec::ALL.len());
        for codec in codecs {
            if !each.contains(codec) {
                each.push(*codec);
            }
        }
        (!each.is_empty()).then_some(Self(each))
    }

    /// The same with one of them before the others.
    pub fn led_by(mut self, first: Codec) -> Self {
        self.0.sort_by_key(|codec| *codec != first);
        self
    }

    /// The best.
    pub fn first(&self) -> Codec {
        self.0.first().copied().unwrap_or(Codec::Pcma)
    }

    pub fn iter(&self) -> impl Iterator<Item = Codec> {
        self.0.iter().copied()
    }

    pub(super) fn contains(&self, codec: Codec) -> bool {
        self.0.contains(&codec)
    }

    /// Their names in a row, for a Warning.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.iter().map(Codec::encoding).collect();
        names.join(" ")
    }
}

/// What every telephone speaks.
impl Default for Codecs {
    fn default() -> Self {
        Self(vec![Codec::Pcma, Codec::Pcmu])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codec(encoding: &str, clock_rate_hz: u32, channels: u8, parameters: &str) -> Option<Codec> {
        Codec::of(&Payload {
            number: 96,
            encoding: encoding.to_owned(),
            clock_rate_hz,
            channels,
            parameters: parameters.to_owned(),
        })
    }

    #[test]
    fn a_codec_is_known_by_name_clock_and_channels() {
        assert_eq!(codec("pcma", 8000, 1, ""), Some(Codec::Pcma));
        assert_eq!(codec("g722", 8000, 1, ""), Some(Codec::G722));
        assert_eq!(codec("opus", 48000, 2, ""), Some(Codec::Opus));
        assert_eq!(codec("opus", 48000, 1, ""), Some(Codec::Opus));
        for other in [
            codec("pcma", 16000, 1, ""),
            codec("pcmu", 8000, 2, ""),
            codec("g722", 16000, 1, ""),
            codec("opus", 16000, 2, ""),
            codec("g729", 8000, 1, ""),
        ] {
            assert_eq!(other, None);
        }
    }

    #[test]
    fn who_cannot_take_our_opus_is_not_sent_it() {
        let opus = |parameters: &str| codec("opus", 48000, 2, parameters);
        assert_eq!(opus("stereo=1; maxaveragebitrate=12000"), None);
        for fine in [
            "maxaveragebitrate=64000; useinbandfec=1",
            "maxaveragebitrate=often",
            "usedtx=1;cbr=1;;=",
        ] {
            assert_eq!(opus(fine), Some(Codec::Opus), "{fine}");
        }
    }

    #[test]
    fn one_codec_may_lead_the_others() {
        let all = Codecs::new(&[Codec::Pcma, Codec::Opus, Codec::Pcma, Codec::G722]).unwrap();
        let led: Vec<Codec> = all.clone().led_by(Codec::G722).iter().collect();
        assert_eq!(led, [Codec::G722, Codec::Pcma, Codec::Opus]);
        assert_eq!(all.clone().led_by(Codec::Pcmu), all);
        assert_eq!(Codecs::new(&[]), None);
    }
}
