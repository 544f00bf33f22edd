//! An sRGB colour written as `#rrggbb`.

use std::fmt;

/// The operator's accent colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// The accent that ships.
    pub const DEFAULT: Self = Self([0x2f, 0x5b, 0xd6]);

    /// Reads `#rrggbb` or `#rgb`, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let nibbles: Vec<u8> =
            digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
        match nibbles.as_slice() {
            [r, g, b] => Some(Self([r * 17, g * 17, b * 17])),
            [a, b, c, d, e, f] => Some(Self([a * 16 + b, c * 16 + d, e * 16 + f])),
            _ => None,
        }
    }

    /// Red, green and blue.
    pub fn rgb(self) -> [u8; 3] {
        self.0
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_agree() {
        assert_eq!(Colour::parse("#0aF"), Colour::parse("#00AAff"));
        assert_eq!(Colour::parse("#00aaff").unwrap().to_string(), "#00aaff");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "#", "red", "00aaff", "#00aaf", "#00aagg", "#00aaff80", "#é0aaf"] {
            assert!(Colour::parse(text).is_none(), "{text}");
        }
    }
}
