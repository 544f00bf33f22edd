//! What all forms share: a scheme, a digest, and how their parts are written.

use super::ImportFault;
use crate::password::Password;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// What a scheme makes of a password.
pub(super) type Digest = Zeroizing<Vec<u8>>;

/// What a digest may measure: shorter ones would match by chance, longer ones no system makes.
pub(super) const DIGEST: RangeInclusive<usize> = 16..=1023;
/// What a salt may measure.
pub(super) const SALT: RangeInclusive<usize> = 1..=1023;

/// How a system made digests of passwords, with the salt and the costs of one of them.
pub(super) trait Scheme {
    /// The digest of a password; `None` when the scheme takes no such password.
    fn digest(&self, password: &Password) -> Option<Digest>;

    /// Whether guessing costs at least what ASVS 5.0, Appendix C allows.
    fn is_strong(&self) -> bool;
}

/// A form that was read.
pub(super) struct Form {
    pub scheme: Box<dyn Scheme>,
    pub digest: Digest,
    /// The form with its digest blanked. It can be read again, and gives the same scheme.
    pub blanked: String,
}

impl Form {
    /// A form that ends in its digest, as most do.
    pub fn ending_in(text: &str, written: &str, digest: Vec<u8>, scheme: impl Scheme + 'static) -> Self {
        let before = text.strip_suffix(written).unwrap_or_default();
        Self {
            scheme: Box::new(scheme),
            digest: Zeroizing::new(digest),
            blanked: format!("{before}{}", blank(written)),
        }
    }
}

/// A digest of the same length that says nothing, in each of the alphabets.
pub(super) fn blank(written: &str) -> String {
    written.chars().map(|c| if c == '=' { c } else { 'A' }).collect()
}

/// A number in decimal digits alone. One that is too large for its type is too large for every bound.
pub(super) fn number(text: &str) -> Result<u32, ImportFault> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX)).ok_or(ImportFault::Malformed)
}

/// Bytes in hexadecimal, of either case.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let nibbles: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let nibbles = Zeroizing::new(nibbles?);
    nibbles
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

/// Bytes in hexadecimal, as PHP and Python write them.
pub(super) fn to_hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    Zeroizing::new(bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect())
}

/// Bytes in base 64 of either alphabet, padded or not: exports differ in both.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let standard = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    LENIENT.decode(standard.as_bytes()).ok()
}

/// Bytes as bcrypt writes them.
pub(super) fn bcrypt_base64(text: &str) -> Option<Vec<u8>> {
    BCRYPT.decode(text).ok()
}

/// Bytes within the bounds.
pub(super) fn within(bounds: RangeInclusive<usize>, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, ImportFault> {
    bytes.filter(|bytes| bounds.contains(&bytes.len())).ok_or(ImportFault::Malformed)
}

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    // Some systems fill the last character's unused bits with chance.
    .with_decode_allow_trailing_bits(true);
const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, CONFIG);
