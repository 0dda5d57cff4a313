use std::io::Cursor;

use bytes::Bytes;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::{get_codecs, get_probe};

use super::{FILE_MAX_BYTES, HIGHEST_RATE, LOWEST_RATE, PromptError, SOUND_MAX_SECONDS, Sound};

/// One or two: a phrase has one speaker.
const CHANNELS_MAX: usize = 2;

/// What a full-scale sample of the reader is to us.
const FULL_SCALE: f32 = 32_768.0;

/// An MP3 file tells its length before its encoder's delay is taken off: two of its frames.
const MISCOUNT: u64 = 2 * 1_152;

/// Reads a whole file of any kind we know.
pub(super) fn read(file: Bytes) -> Result<Sound, PromptError> {
    if file.len() as u64 > FILE_MAX_BYTES {
        return Err(PromptError::TooLarge);
    }
    let (is_opus, is_ours) = (holds_opus(&file), begins_as_ours(&file));
    let source = Box::new(Cursor::new(file));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let probed = get_probe().probe(&Hint::new(), stream, Default::default(), Default::default());
    let unreadable = |error: Error| {
        let is_broken = matches!(error, Error::IoError(_) | Error::DecodeError(_));
        match is_opus {
            true => PromptError::Opus,
            false if is_ours && is_broken => PromptError::Damaged { seconds: 0 },
            false => PromptError::NotSound(error.to_string()),
        }
    };
    let mut reading = probed.and_then(Reading::open).map_err(unreadable)?;
    reading.read_all()?;
    reading.check_end()
}

/// `OpusHead` begins the first packet, behind the header of its page (RFC 7845 3).
fn holds_opus(file: &[u8]) -> bool {
    let page = file.get(..64).unwrap_or(file);
    page.windows(8).any(|bytes| bytes == b"OpusHead")
}

/// What begins like one of the kinds we read, and yet cannot be read, was one once.
fn begins_as_ours(file: &[u8]) -> bool {
    let marks: [&[u8]; 4] = [b"RIFF", b"fLaC", b"OggS", b"ID3"];
    marks.iter().any(|mark| file.starts_with(mark))
}

struct Reading {
    reader: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    /// The number of the sound among what else the file may hold.
    track: u32,
    /// How many samples of each channel it says it has.
    told: Option<u64>,
    sound: Sound,
    /// The channels of one packet, interleaved.
    frame: Vec<f32>,
}

impl Reading {
    fn open(reader: Box<dyn FormatReader>) -> Result<Self, Error> {
        let track = reader.default_track(TrackType::Audio);
        let parameters = track.and_then(|track| track.codec_params.as_ref()?.audio());
        let (Some(track), Some(parameters)) = (track, parameters) else {
            return Err(Error::Unsupported("no sound in it"));
        };
        let options = AudioDecoderOptions::default().verify(true);
        Ok(Self {
            decoder: get_codecs().make_audio_decoder(parameters, &options)?,
            track: track.id,
            told: track.num_frames,
            sound: Sound {
                rate: 0,
                samples: Vec::new(),
            },
            frame: Vec::new(),
            reader,
        })
    }

    fn read_all(&mut self) -> Result<(), PromptError> {
        loop {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(()),
                Err(_) => return Err(self.damaged()),
            };
            if packet.track_id != self.track {
                continue;
            }
            let Ok(decoded) = self.decoder.decode(&packet) else {
                return Err(self.damaged());
            };
            let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
            decoded.copy_to_vec_interleaved(&mut self.frame);
            self.add_frame(rate, channels)?;
        }
    }

    /// Mixes the channels of one packet into one.
    fn add_frame(&mut self, rate: u32, channels: usize) -> Result<(), PromptError> {
        if !(LOWEST_RATE..=HIGHEST_RATE).contains(&rate) {
            return Err(PromptError::UnusableRate { rate });
        }
        if !(1..=CHANNELS_MAX).contains(&channels) {
            return Err(PromptError::TooManyChannels { channels });
        }
        let (sound, scale) = (&mut self.sound, FULL_SCALE / channels as f32);
        if sound.rate != 0 && sound.rate != rate {
            return Err(self.damaged());
        }
        sound.rate = rate;
        let mono = self.frame.chunks_exact(channels);
        sound
            .samples
            .extend(mono.map(|all| scale * all.iter().sum::<f32>()));
        let longest = SOUND_MAX_SECONDS as usize * rate as usize;
        match sound.samples.len() > longest {
            true => Err(PromptError::TooLong),
            false => Ok(()),
        }
    }

    /// What the file says of its length and its checksum must be true.
    fn check_end(mut self) -> Result<Sound, PromptError> {
        let is_whole = self.decoder.finalize().verify_ok != Some(false);
        let read = self.sound.samples.len() as u64;
        let is_there = self
            .told
            .is_none_or(|told| read.saturating_add(MISCOUNT) >= told);
        match is_whole && is_there && read > 0 {
            true => Ok(self.sound),
            false => Err(self.damaged()),
        }
    }

    fn damaged(&self) -> PromptError {
        let samples = self.sound.samples.len() as u64;
        let seconds = samples.checked_div(self.sound.rate.into()).unwrap_or(0);
        PromptError::Damaged {
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::Rate;
    use crate::media::prompts::{Loudness, Shape};
    use crate::media::speech_level::SpeechLevel;

    const FLAC: &[u8] = include_bytes!("../../../tests/sounds/hold_wait.flac");
    const OGG: &[u8] = include_bytes!("../../../tests/sounds/hold_wait.ogg");
    const MP3: &[u8] = include_bytes!("../../../tests/sounds/hold_wait.mp3");
    const OPUS: &[u8] = include_bytes!("../../../tests/sounds/hold_wait.opus");

    fn shipped() -> Sound {
        let file = include_bytes!("../../../config/prompts/en/hold_wait.flac");
        read(Bytes::from_static(file)).unwrap()
    }

    /// A WAV file of PCM, as RFC 2361 has it.
    fn wav(rate: u32, channels: u16, bits: u16, samples: impl Iterator<Item = f64>) -> Vec<u8> {
        let bytes = usize::from(bits / 8);
        let mut data = Vec::new();
        for sample in samples {
            // 8 bits have no sign.
            let offset = if bits == 8 { 128 } else { 0 };
            let whole = (sample * f64::from(1_u32 << (bits - 1))) as i32 + offset;
            for _ in 0..channels {
                data.extend_from_slice(&whole.to_le_bytes()[..bytes]);
            }
        }
        let frame = channels * bits / 8;
        let mut file = b"RIFF".to_vec();
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend((rate * u32::from(frame)).to_le_bytes());
        file.extend(frame.to_le_bytes());
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    fn spoken() -> impl Iterator<Item = f64> {
        let samples = shipped().samples;
        samples.into_iter().map(|s| f64::from(s) / 32_768.0)
    }

    fn heard(file: &[u8], rate: Rate) -> Vec<i16> {
        let sound = read(Bytes::copy_from_slice(file)).unwrap();
        let gain = sound.gain(Loudness::Phrase).unwrap();
        sound.levelled(rate, gain, Shape::Phrase).unwrap()
    }

    fn dbov(samples: &[i16], rate: Rate) -> f32 {
        let mut level = SpeechLevel::new(rate);
        level.hear(samples);
        level.dbov().unwrap()
    }

    fn likeness(a: &[i16], b: &[i16]) -> f64 {
        let sum = |x: &[i16], y: &[i16]| -> f64 {
            let products = x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y));
            products.sum()
        };
        sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
    }

    #[test]
    fn a_phrase_sounds_alike_whatever_file_it_came_in() {
        let (as_shipped, softer) = (heard(&wav(16_000, 1, 16, spoken()), Rate::Narrow), 0.2);
        let files = [
            ("flac, 24 bits, stereo", FLAC.to_vec(), 0.999),
            ("ogg, 44.1 kHz, stereo", OGG.to_vec(), 0.98),
            ("mp3, 24 kHz", MP3.to_vec(), 0.97),
            ("wav, 8 bits", wav(16_000, 1, 8, spoken()), 0.99),
            (
                "wav, 24 bits, stereo",
                wav(16_000, 2, 24, spoken().map(|s| s * softer)),
                0.999,
            ),
        ];
        for (name, file, alike) in files {
            let telephone = heard(&file, Rate::Narrow);
            let same = likeness(&telephone, &as_shipped);
            assert!(same > alike, "{name}: {same}");
            assert!(telephone.len().abs_diff(as_shipped.len()) < 400, "{name}");
            for rate in [Rate::Narrow, Rate::Wide] {
                let level = dbov(&heard(&file, rate), rate);
                assert!((level + 26.0).abs() < 0.3, "{name}: {level} dBov");
            }
        }
    }

    #[test]
    fn peaks_are_turned_down_so_that_nothing_clips() {
        let file = wav(16_000, 1, 16, spoken());
        let sound = read(file.into()).unwrap();
        let usual = sound.gain(Loudness::Phrase).unwrap();
        for rate in [Rate::Narrow, Rate::Wide] {
            let play = |gain| sound.levelled(rate, gain, Shape::Phrase).unwrap();
            let (loud, usual) = (play(20.0 * usual), play(usual));
            assert!(loud.iter().all(|s| s.unsigned_abs() < 29_300));
            let alike = likeness(&loud, &usual);
            assert!(alike > 0.8, "turned down, not cut off: {alike}");
        }
    }

    #[test]
    fn a_file_that_ends_too_soon_is_damaged() {
        let half_way = |file: &[u8]| read(Bytes::copy_from_slice(&file[..file.len() / 2]));
        let wav = wav(16_000, 1, 16, spoken());
        for (name, file) in [("flac", FLAC), ("wav", &wav), ("ogg", OGG), ("mp3", MP3)] {
            let error = half_way(file).unwrap_err();
            assert!(
                matches!(error, PromptError::Damaged { .. }),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn a_file_with_strange_bytes_in_it_is_refused_and_never_a_panic() {
        let mut dice = crate::words::Entropy::from_number(5);
        for (name, file) in [("flac", FLAC), ("ogg", OGG), ("mp3", MP3)] {
            let mut broken = file.to_vec();
            let middle = broken.len() / 2;
            for byte in &mut broken[middle..middle + 600] {
                *byte = dice.u32() as u8;
            }
            let error = read(broken.into()).unwrap_err();
            assert!(
                matches!(error, PromptError::Damaged { .. }),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn what_is_no_sound_is_told_what_would_be_right() {
        for file in [&b""[..], b"<html></html>", &[0; 4_000]] {
            let error = read(Bytes::copy_from_slice(file)).unwrap_err();
            assert!(error.to_string().contains("MP3"), "{error}");
        }
        let cut = read(Bytes::from_static(b"fLaC, but cut short"));
        assert_eq!(cut, Err(PromptError::Damaged { seconds: 0 }));
        let opus = read(Bytes::from_static(OPUS));
        assert_eq!(opus, Err(PromptError::Opus));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let some = || (0..800).map(|n| f64::from(n % 7) / 10.0);
        let refused = |file: Vec<u8>| read(file.into()).unwrap_err();
        let channels = refused(wav(8_000, 3, 16, some()));
        assert_eq!(channels, PromptError::TooManyChannels { channels: 3 });
        let rate = refused(wav(96_000, 1, 16, some()));
        assert_eq!(rate, PromptError::UnusableRate { rate: 96_000 });
        let long = refused(wav(8_000, 1, 8, (0..8_000 * 601).map(|_| 0.5)));
        assert_eq!(long, PromptError::TooLong);
        let nothing = read(wav(8_000, 1, 16, some().map(|_| 0.0)).into()).unwrap();
        assert_eq!(nothing.gain(Loudness::Phrase), Err(PromptError::Silent));
    }
}
