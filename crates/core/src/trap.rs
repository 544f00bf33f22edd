//! Traps for programs that fill in forms: a field that nobody sees, and a form that comes back sooner than anybody types.

use crate::{
    keyring::{Keyring, Purpose},
    time::Time,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Why a form was not filled in by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trapped {
    /// The field that nobody sees was filled in.
    Hidden,
    /// It came back too soon.
    Hasty,
    /// It says that it was shown at a time that was never told.
    Forged,
}

impl Trapped {
    /// The stable name, for events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden_field",
            Self::Hasty => "too_fast",
            Self::Forged => "time_forged",
        }
    }
}

/// When a form is shown, for the form to say so itself.
pub fn shown(keyring: &Keyring, now: Time) -> String {
    format!("{}.{}", now.as_millis(), URL_SAFE_NO_PAD.encode(mac(keyring, now)))
}

/// Judges a form by its hidden field and by when it says that it was shown. A form that says nothing of it, as an
/// operator's own template may, is judged by the field alone.
pub fn spring(keyring: &Keyring, hidden: &str, shown: &str, least: Duration, now: Time) -> Option<Trapped> {
    if !hidden.is_empty() {
        return Some(Trapped::Hidden);
    }
    if shown.is_empty() || least.is_zero() {
        return None;
    }
    match read(keyring, shown) {
        None => Some(Trapped::Forged),
        Some(at) if now < at.plus(least) => Some(Trapped::Hasty),
        Some(_) => None,
    }
}

fn read(keyring: &Keyring, shown: &str) -> Option<Time> {
    let (at, told) = shown.split_once('.')?;
    let at = Time::from_millis(at.parse().ok()?);
    let told = URL_SAFE_NO_PAD.decode(told).ok()?;
    bool::from(mac(keyring, at).as_slice().ct_eq(&told)).then_some(at)
}

fn mac(keyring: &Keyring, at: Time) -> [u8; 32] {
    keyring.mac(Purpose::Challenge, &[b"shown", &at.as_millis().to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::Seeded, keyring::MasterKey};

    const NOW: Time = Time::from_millis(1_795_000_000_000);
    const LEAST: Duration = Duration::from_secs(1);

    #[test]
    fn a_hidden_field_haste_and_an_invented_time_give_a_program_away() {
        let keyring = |seed| Keyring::new(MasterKey::generate(&Seeded::new(seed)), Vec::new());
        let told = shown(&keyring(1), NOW);
        let spring = |hidden, shown: &str, after| {
            spring(&keyring(1), hidden, shown, LEAST, NOW.plus(Duration::from_millis(after)))
        };
        assert_eq!(spring("", &told, 1_000), None);
        assert_eq!(spring("", &told, 86_400_000), None, "a page may stay open");
        assert_eq!(spring("", &told, 999), Some(Trapped::Hasty));
        assert_eq!(spring("x", &told, 5_000), Some(Trapped::Hidden));
        assert_eq!(spring("", "", 0), None, "a template that does not say it");
        for forged in ["1.x", "0", &shown(&keyring(2), NOW), &told.replacen('1', "0", 1)] {
            assert_eq!(spring("", forged, 5_000), Some(Trapped::Forged), "{forged}");
        }
    }
}
