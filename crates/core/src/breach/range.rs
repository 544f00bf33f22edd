//! Asking a service for everything that begins with the same five digits, so that it learns no more than these.

use super::{PasswordDigest, list};
use std::fmt::Write;
use zeroize::Zeroizing;

/// The digits that the service is told, and those that it answers with.
const TOLD: usize = 5;
const ANSWERED: usize = 35;

/// An answer that is no list of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no list of hashes")]
pub struct Garbage;

impl PasswordDigest {
    /// The first five hexadecimal digits: of the twenty bytes, twenty bits.
    pub fn range(&self) -> String {
        self.digits().chars().take(TOLD).collect()
    }

    /// Whether the answer for [`Self::range`] has this password. Rows that were seen zero times are padding.
    ///
    /// # Errors
    /// When any of it is something else than a row, or there is none: then nothing is known.
    pub fn is_in(&self, answer: &[u8]) -> Result<bool, Garbage> {
        let answer = std::str::from_utf8(answer).map_err(|_| Garbage)?;
        let digits = self.digits();
        let own = digits.get(TOLD..).unwrap_or_default();
        let (mut rows, mut found) = (0_u32, false);
        for line in answer.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (rest, seen) = list::read(line, ANSWERED).map_err(|_| Garbage)?;
            found |= seen > 0 && rest.eq_ignore_ascii_case(own);
            rows += 1;
        }
        if rows == 0 { Err(Garbage) } else { Ok(found) }
    }

    fn digits(&self) -> Zeroizing<String> {
        let mut digits = Zeroizing::new(String::with_capacity(TOLD + ANSWERED));
        for byte in self.0.expose() {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02X}");
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Password;

    fn of(text: &str) -> PasswordDigest {
        PasswordDigest::of(&Password::parse(text.into()).unwrap())
    }

    const OWN: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
    const OTHER: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";

    #[test]
    fn five_digits_are_told_and_the_rest_is_looked_for() {
        let digest = of("password");
        assert_eq!(digest.range(), "5BAA6");
        assert_eq!(digest.is_in(format!("{OTHER}:2\r\n{OWN}:10434004\r\n").as_bytes()), Ok(true));
        assert_eq!(digest.is_in(format!("{OTHER}:2\n{}:1", OWN.to_lowercase()).as_bytes()), Ok(true));
        assert_eq!(digest.is_in(format!("{OTHER}:2\r\n").as_bytes()), Ok(false));
        assert_eq!(digest.is_in(format!("{OTHER}:2\r\n{OWN}:0").as_bytes()), Ok(false), "padding");
        assert_eq!(of("Password").is_in(format!("{OWN}:1").as_bytes()), Ok(false));
    }

    #[test]
    fn what_is_no_list_says_nothing() {
        let cut = format!("{OTHER}:2\r\n{OWN}");
        let cut = cut.get(..cut.len() - 1).unwrap();
        for answer in ["", "\r\n", "<html>", "null", cut, &format!("{OWN}:1\nand more")] {
            assert_eq!(of("password").is_in(answer.as_bytes()), Err(Garbage), "{answer}");
        }
        assert_eq!(of("password").is_in(&[0xff, 0xfe]), Err(Garbage));
    }
}
