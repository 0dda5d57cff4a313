/// A CSeq value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CSeq {
    pub(crate) number: u32,
    pub(crate) method: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadCSeq;

impl CSeq {
    /// RFC 3261 8.1.1.5: the number is below 2^31.
    pub(crate) fn read(value: &str) -> Result<Self, BadCSeq> {
        let mut pieces = value.split_ascii_whitespace();
        let number = pieces.next().ok_or(BadCSeq)?;
        let method = pieces.next().ok_or(BadCSeq)?;
        if pieces.next().is_some() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadCSeq);
        }
        let number: u32 = number.parse().map_err(|_| BadCSeq)?;
        if number >= 1 << 31 {
            return Err(BadCSeq);
        }
        Ok(Self {
            number,
            method: method.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_legal_and_large_numbers_are_not() {
        assert_eq!(CSeq::read("0009 \t INVITE").unwrap().number, 9);
        for value in [
            "2147483648 ACK",
            "-1 ACK",
            "+1 ACK",
            "1",
            "",
            "1 ACK ACK",
            "ACK 1",
        ] {
            assert!(CSeq::read(value).is_err(), "{value}");
        }
    }
}
