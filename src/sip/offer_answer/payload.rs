use sdp_types::Media;

/// The most payload types of one stream that are looked at.
const PAYLOADS_MAX: usize = 64;
/// The most bytes of an `a=fmtp:` that are looked at.
const PARAMETERS_MAX: usize = 512;

/// The longest name of an encoding; the registered ones have 20 characters at most.
const ENCODING_MAX: usize = 32;

/// One payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub number: u8,
    /// As they spell it; its case does not count (RFC 8866 6.6).
    pub encoding: String,
    pub clock_rate_hz: u32,
    /// 1 where nothing is said.
    pub channels: u8,
    /// Its `a=fmtp:`; empty where it has none.
    pub parameters: String,
}

impl Payload {
    pub(super) fn is(&self, encoding: &str) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding)
    }

    /// The value of a parameter `name=value`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.split(';');
        all.find_map(|it| {
            let (of, value) = it.split_once('=')?;
            of.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The payload types of a stream, in their order. What has neither a name nor a well-known number is passed over, and so
/// is a number that comes again.
pub(super) fn payloads(media: &Media) -> Vec<Payload> {
    let (maps, parameters) = (said(media, "rtpmap"), said(media, "fmtp"));
    let numbers = media.fmt.split_ascii_whitespace().take(PAYLOADS_MAX);
    let numbers = numbers.filter_map(|number| number.parse().ok());
    let mut payloads: Vec<Payload> = Vec::new();
    for number in numbers.filter(|number: &u8| *number < 128) {
        let mut maps = maps.iter().filter(|(of, _)| *of == number);
        let payload = maps.find_map(|(_, map)| mapped(number, map));
        let payload = payload.or_else(|| well_known(number));
        let is_new = payloads.iter().all(|it| it.number != number);
        payloads.extend(payload.filter(|_| is_new).map(|payload| Payload {
            parameters: of(&parameters, number),
            ..payload
        }));
    }
    payloads
}

/// What the lines of an attribute say, by payload type: `number rest`.
fn said<'a>(media: &'a Media, attribute: &str) -> Vec<(u8, &'a str)> {
    let lines = media.attributes.iter();
    let lines = lines.filter(|it| it.attribute == attribute);
    let read = |value: &'a str| {
        let (number, rest) = value.trim().split_once(' ')?;
        Some((number.parse().ok()?, rest.trim()))
    };
    lines
        .take(PAYLOADS_MAX)
        .filter_map(|it| read(it.value.as_deref()?))
        .collect()
}

/// By an `a=rtpmap:` that can be read.
fn mapped(number: u8, map: &str) -> Option<Payload> {
    let mut pieces = map.split('/').map(str::trim);
    let encoding = pieces.next().filter(|it| is_name(it))?;
    Some(Payload {
        number,
        encoding: encoding.to_owned(),
        clock_rate_hz: pieces.next()?.parse().ok()?,
        channels: pieces.next().map_or(Some(1), |it| it.parse().ok())?,
        parameters: String::new(),
    })
}

/// It is repeated in Warnings and events.
fn is_name(text: &str) -> bool {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.+".contains(&it);
    (1..=ENCODING_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

fn of(parameters: &[(u8, &str)], number: u8) -> String {
    let mut theirs = parameters.iter().filter(|(of, _)| *of == number);
    let said = theirs.next().map_or("", |(_, said)| said);
    let said = said.get(..said.len().min(PARAMETERS_MAX));
    said.unwrap_or_default().to_owned()
}

/// RFC 3551 6: the types that need no `a=rtpmap:`.
fn well_known(number: u8) -> Option<Payload> {
    let encoding = match number {
        0 => "PCMU",
        3 => "GSM",
        4 => "G723",
        7 => "LPC",
        8 => "PCMA",
        9 => "G722",
        13 => "CN",
        15 => "G728",
        18 => "G729",
        _ => return None,
    };
    Some(Payload {
        number,
        encoding: encoding.to_owned(),
        clock_rate_hz: 8000,
        channels: 1,
        parameters: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdp_types::Session;

    fn read(stream: &str) -> Vec<Payload> {
        let sdp = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n{stream}");
        payloads(&Session::parse(sdp.as_bytes()).unwrap().medias[0])
    }

    fn names(stream: &str) -> Vec<String> {
        let named = |it: Payload| {
            format!(
                "{} {}/{}/{}",
                it.number, it.encoding, it.clock_rate_hz, it.channels
            )
        };
        read(stream).into_iter().map(named).collect()
    }

    #[test]
    fn payload_types_keep_their_order_and_their_names() {
        let stream =
            "m=audio 4000 RTP/AVP 96 18 0 13 200 -1 x\r\na=rtpmap:96 telephone-event/8000\r\n";
        let found = names(stream);
        let expected = [
            "96 telephone-event/8000/1",
            "18 G729/8000/1",
            "0 PCMU/8000/1",
            "13 CN/8000/1",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_number_is_one_codec() {
        // Listed twice, and mapped twice: what comes first counts.
        let stream = "m=audio 4000 RTP/AVP 96 96 8\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:96 telephone-event/8000\r\n\
                      a=rtpmap:8 L16/16000\r\n";
        assert_eq!(names(stream), ["96 opus/48000/2", "8 L16/16000/1"]);
    }

    #[test]
    fn a_name_that_cannot_be_read_is_none() {
        let stream = "m=audio 4000 RTP/AVP 8 96 97 98 99\r\na=rtpmap:8 PCMA\r\na=rtpmap:96 opus/48k\r\n\
                      a=rtpmap:97 opus/48000/two\r\na=rtpmap:98opus/48000\r\na=rtpmap\r\na=rtpmap:99 op\"us/48000/2\r\n";
        assert_eq!(names(stream), ["8 PCMA/8000/1"]);
    }

    #[test]
    fn parameters_are_found_by_their_names() {
        let stream = "m=audio 4000 RTP/AVP 111 9\r\na=rtpmap:111 opus/48000/2\r\n\
                      a=fmtp:111 UseInbandFec = 1; stereo;maxaveragebitrate=9000\r\na=fmtp:9\r\n";
        let [opus, g722] = &read(stream)[..] else {
            panic!("two payload types");
        };
        assert_eq!(opus.parameter("useinbandfec"), Some("1"));
        assert_eq!(opus.parameter("maxaveragebitrate"), Some("9000"));
        assert_eq!(
            (opus.parameter("stereo"), g722.parameter("stereo")),
            (None, None)
        );
    }
}
