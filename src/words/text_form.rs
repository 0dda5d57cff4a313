//! Values that stand as one text in settings, in files and in the API.

/// For serde: the text is read in one place, `FromStr`, and written in one, `Display`.
///
/// `Debug` beside a type: it prints so there, too.
macro_rules! read_from_text {
    ($value:ty; Debug) => {
        $crate::words::read_from_text!($value);

        impl ::std::fmt::Debug for $value {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, "{self}")
            }
        }
    };
    ($($value:ty),+) => {$(
        impl TryFrom<String> for $value {
            type Error = $crate::words::Sentence;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$value> for String {
            fn from(value: $value) -> Self {
                value.to_string()
            }
        }
    )+};
}

pub(crate) use read_from_text;
