//! Time-based codes of an authenticator app (RFC 6238): SHA-1, six digits, thirty seconds, one step either way
//! (SEC-61). A step is used once: whoever stores what matched refuses it, and every older one, from then on.

use super::one_time_code::OneTimeCode;
use crate::{
    entropy::{self, Entropy},
    secret::Secret,
    time::Time,
};
use std::time::Duration;
use totp_rs::{Builder, Totp};

/// How long an app that was shown its secret may take to give its first code.
pub const TO_CONFIRM: Duration = Duration::from_secs(10 * 60);
/// The seconds of a step.
pub const STEP: u64 = 30;
/// The bytes of a new secret: 160 bits (RFC 4226, 4).
const BYTES: usize = 20;
/// What an imported secret may have. RFC 4226 asks for 128 bits, and most of what is about has the 80 that the first
/// apps were made for.
const IMPORTED: std::ops::RangeInclusive<usize> = 10..=64;

/// What an authenticator app and the house both know.
pub struct TotpSecret(Secret<Vec<u8>>);

/// A code that fits a step which was not used before. Only the check makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    step: i64,
}

/// The text is no secret of an authenticator app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of 80 to 512 bits in Base32")]
pub struct TotpSecretFault;

impl Match {
    /// The step, counted from 1970: from now on the oldest that is refused.
    pub fn step(&self) -> i64 {
        self.step
    }
}

impl TotpSecret {
    /// A new secret.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy::bytes::<BYTES>(entropy).to_vec()))
    }

    /// A secret as the database had it, once it is opened.
    ///
    /// # Errors
    /// When it is too short or too long to be one.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, TotpSecretFault> {
        let bytes = Secret::new(bytes);
        if IMPORTED.contains(&bytes.expose().len()) { Ok(Self(bytes)) } else { Err(TotpSecretFault) }
    }

    /// Reads a secret that another system made: Base32 (RFC 4648), however it is grouped.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, TotpSecretFault> {
        if text.len() > 256 {
            return Err(TotpSecretFault);
        }
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '=')).collect();
        let plain = Secret::new(plain.to_ascii_uppercase());
        let read = totp_rs::Secret::try_from_base32(plain.expose()).map_err(|_| TotpSecretFault)?;
        Self::from_bytes(read.as_bytes().to_vec())
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// The text that a person types where no picture can be taken.
    pub fn base32(&self) -> Secret<String> {
        Secret::new(totp_rs::Secret::from(self.bytes().to_vec()).to_base32())
    }

    /// What a QR code shows an authenticator app (the `otpauth` scheme). Colons separate its parts, so that names lose
    /// theirs.
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
        let built = self.builder().with_issuer(Some(issuer)).with_account_name(account).build_noncompliant();
        Secret::new(built.to_url().unwrap_or_default())
    }

    /// Whether a code fits a step near `now` that comes after `used`, the last one that was.
    pub fn check(&self, typed: &OneTimeCode, used: i64, now: Time) -> Option<Match> {
        let seconds = u64::try_from(now.as_millis() / 1000).ok()?;
        let step = self.totp().check(typed.digits(), seconds)?;
        let step = i64::try_from(step).ok()?;
        (step > used).then_some(Match { step })
    }

    /// The code of a moment, as the app shows it.
    pub fn code_at(&self, now: Time) -> Secret<String> {
        let seconds = u64::try_from(now.as_millis() / 1000).unwrap_or_default();
        Secret::new(self.totp().generate(seconds).to_string())
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(self.bytes().to_vec()).with_step_duration(STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
    }

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn sec_61_the_vectors_of_rfc_6238_hold() {
        // The last six of the eight digits that its appendix B lists for SHA-1.
        let listed = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in listed {
            assert_eq!(rfc().code_at(at(seconds)).expose(), code);
            let typed = OneTimeCode::parse(code).unwrap();
            assert_eq!(rfc().check(&typed, 0, at(seconds)).unwrap().step(), seconds / 30);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        let listed =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, code) in listed.iter().enumerate() {
            assert_eq!(rfc().code_at(at(counter as i64 * 30)).expose(), code);
        }
    }

    #[test]
    fn sec_61_a_step_is_used_once_and_never_an_older_one() {
        let (secret, now) = (TotpSecret::new(&Seeded::new(1)), at(1_800_000_000));
        let code = |offset: i64| OneTimeCode::parse(secret.code_at(at(1_800_000_000 + offset * 30)).expose()).unwrap();
        let step = 1_800_000_000 / 30;
        for (offset, fits) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(secret.check(&code(offset), 0, now).is_some(), fits, "{offset}");
        }
        assert!(secret.check(&code(0), step, now).is_none(), "the same step");
        assert!(secret.check(&code(-1), step, now).is_none(), "an older step");
        assert_eq!(secret.check(&code(1), step, now).unwrap().step(), step + 1);
    }

    #[test]
    fn a_secret_reads_back_as_apps_and_people_have_it() {
        let secret = TotpSecret::new(&Seeded::new(2));
        let text = secret.base32();
        assert_eq!(text.expose().len(), 32);
        let typed = text.expose().to_lowercase();
        let grouped = typed.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned());
        let grouped = grouped.collect::<Vec<_>>().join(" ");
        assert_eq!(TotpSecret::parse(&grouped).unwrap().bytes(), secret.bytes());
        for bad in ["", "AAAA", "not base32 !", "1111111111111111111111111111", &"A".repeat(300)] {
            assert!(TotpSecret::parse(bad).is_err(), "{bad}");
        }
        let uri = secret.uri("Acme: Staging", "ada@example.com");
        assert_eq!(
            uri.expose(),
            &format!(
                "otpauth://totp/Acme%20%20Staging:ada%40example.com?secret={}&issuer=Acme%20%20Staging",
                text.expose()
            )
        );
    }
}
