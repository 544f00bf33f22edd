//! Phone numbers, parsed once: only the parsed form (E.164) is sent to, looked up or counted.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The longest text that is read at all: an international number has 15 digits.
const LONGEST: usize = 32;

/// A phone number that may be sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// A country, by its two letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country(phonenumber::country::Id);

/// Why a text is not a number that we send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneFault {
    /// Nothing was typed.
    #[error("the phone number is missing")]
    Missing,
    /// It is no number that anybody has.
    #[error("this is no phone number")]
    Malformed,
    /// A number that charges whoever writes to it, or that takes no messages.
    #[error("messages are not sent to such numbers")]
    Kind,
}

impl PhoneFault {
    /// The stable name, which is the message's key too.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "phone_missing",
            Self::Malformed => "phone_malformed",
            Self::Kind => "phone_kind",
        }
    }
}

impl Phone {
    /// Reads a number as it is written: internationally, or as in the country given.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, at_home: Option<Country>) -> Result<Self, PhoneFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PhoneFault::Missing);
        }
        let plain = |b: u8| b.is_ascii_digit() || b" ()+-./".contains(&b);
        let signs = text.bytes().skip(1).any(|b| b == b'+');
        if text.len() > LONGEST || signs || !text.bytes().all(plain) {
            return Err(PhoneFault::Malformed);
        }
        let number = phonenumber::parse(at_home.map(|c| c.0), text).map_err(|_| PhoneFault::Malformed)?;
        if number.extension().is_some() {
            return Err(PhoneFault::Malformed);
        }
        let phone = Self::try_from(number.format().to_string())?;
        if phone.is_for_tests() {
            return Ok(phone);
        }
        if !number.is_valid() {
            return Err(PhoneFault::Malformed);
        }
        use phonenumber::Type as T;
        match number.number_type(&phonenumber::metadata::DATABASE) {
            T::FixedLine | T::Mobile | T::FixedLineOrMobile | T::PersonalNumber | T::Voip | T::Unknown => Ok(phone),
            _ => Err(PhoneFault::Kind),
        }
    }

    /// The number as `+4915123456789`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is, as far as its digits tell.
    pub fn country(&self) -> Option<Country> {
        phonenumber::parse(None, &self.0).ok()?.country().id().map(Country)
    }

    /// The thousand numbers beside it: whoever is paid for messages owns such.
    pub fn range(&self) -> &str {
        self.0.get(..self.0.len().saturating_sub(3)).unwrap_or(&self.0)
    }

    /// Whether it is one of the fictional numbers that Clerk's test mode knows: `+1 (XXX) 555-0100` to `0199`.
    pub fn is_for_tests(&self) -> bool {
        self.0.len() == 12 && self.0.starts_with("+1") && self.0.get(5..10) == Some("55501")
    }

    /// What may be shown and logged: `+49•••89`.
    pub fn masked(&self) -> String {
        let digits = self.0.len();
        let start = self.0.get(..3).unwrap_or_default();
        format!("{start}•••{}", self.0.get(digits.saturating_sub(2)..).unwrap_or_default())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A number in the form that is kept.
impl TryFrom<String> for Phone {
    type Error = PhoneFault;
    fn try_from(text: String) -> Result<Self, PhoneFault> {
        let digits = text.strip_prefix('+').ok_or(PhoneFault::Malformed)?;
        let fits = (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then_some(Self(text)).ok_or(PhoneFault::Malformed)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl Country {
    /// The two letters of ISO 3166.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Country {
    type Err = PhoneFault;
    fn from_str(text: &str) -> Result<Self, PhoneFault> {
        let text = text.trim().to_ascii_uppercase();
        text.parse().map(Self).map_err(|_| PhoneFault::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_home(text: &str) -> Result<Phone, PhoneFault> {
        Phone::parse(text, "DE".parse().ok())
    }

    #[test]
    fn one_number_has_one_form_however_it_is_written() {
        for text in
            ["+49 1512 3456789", "+49 (0) 151-2345.6789", "0151 23456789", " 0151/23456789 ", "0049 151 23456789"]
        {
            assert_eq!(at_home(text).unwrap().as_str(), "+4915123456789", "{text}");
        }
        assert_eq!(Phone::parse("0151 23456789", None), Err(PhoneFault::Malformed), "of which country?");
        let phone = at_home("+4915123456789").unwrap();
        assert_eq!((phone.country().unwrap().as_str(), phone.range()), ("DE", "+4915123456"));
        assert_eq!(phone.masked(), "+49•••89");
        assert_eq!(at_home("+1 201 555 0123").unwrap().country().unwrap().as_str(), "US");
        assert_eq!(at_home("+1 204 234 5678").unwrap().country().unwrap().as_str(), "CA");
    }

    #[test]
    fn what_is_no_number_or_costs_its_caller_is_refused() {
        for bad in [
            "12",
            "+49",
            "ada@example.com",
            "+4915123456789,+491",
            "+49 1512 3456789 ext. 12",
            "+49151234567890123456789012345678",
            "+4915123456789\r\nTo: +1",
            "+49 1512 3456789;DROP",
            "\u{ff0b}4915123456789",
            "+99912345678",
            "++4915123456789",
            "+",
            "()",
            "----",
        ] {
            assert_eq!(at_home(bad), Err(PhoneFault::Malformed), "{bad:?}");
        }
        assert_eq!(at_home(" "), Err(PhoneFault::Missing));
        for paid in ["+49 900 1234567", "+1 900 234 5678", "+44 909 012 3456", "+1 800 234 5678"] {
            assert_eq!(at_home(paid), Err(PhoneFault::Kind), "{paid}");
        }
    }

    #[test]
    fn fictional_numbers_are_known() {
        for (text, known) in [("+15555550100", true), ("+1 (201) 555-0199", true), ("+12015550200", false)] {
            assert_eq!(at_home(text).map(|p| p.is_for_tests()).unwrap_or(false), known, "{text}");
        }
        assert!(!at_home("+4915123456789").unwrap().is_for_tests());
    }
}
