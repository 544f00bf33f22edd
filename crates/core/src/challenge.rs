//! Challenges: work for a browser that asks nothing of people (ALTCHA's protocol, version 2). What is posed is signed
//! and kept nowhere: action, host, difficulty and end stand inside the signature. That it counts once is the store's.

use crate::{
    entropy::{self, Entropy},
    keyring::{Keyring, Purpose},
    secret::Secret,
    time::Time,
};
use altcha::{ChallengeParameters, HmacAlgorithm, Payload, VerifySolutionOptions};
use aws_lc_rs::pbkdf2;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write, num::NonZeroU32, time::Duration};

/// How long a challenge may be solved and shown.
pub const LIFE: Duration = Duration::from_secs(5 * 60);
const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY: usize = 32;
/// How much of the key is told, so that the browser knows when it has found it.
const TOLD: usize = 16;
/// The longest answer that is read.
const LONGEST: usize = 4 * 1024;

/// What the lightest challenge costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Passes of one derivation. Where a browser's own overhead is small beside them, an attacker's program has little
    /// advantage over it.
    pub passes: NonZeroU32,
    /// Derivations that finding the key takes at the most; at the least it is half of them.
    pub tries: NonZeroU32,
}

impl Work {
    /// Some tenths of a second of a browser.
    pub const DEFAULT: Self = Self { passes: NonZeroU32::new(1_000).unwrap(), tries: NonZeroU32::new(1_000).unwrap() };
    /// Next to nothing, for tests.
    #[cfg(any(test, feature = "testkit"))]
    pub const CHEAP: Self = Self { passes: NonZeroU32::MIN, tries: NonZeroU32::new(8).unwrap() };
}

/// What a challenge stands in front of. A solution is good for that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Naming somebody, and proving a first or a second factor.
    SignIn,
    /// Asking for an account.
    SignUp,
    /// Asking for a new password.
    Reset,
    /// Typing a mailed code.
    Code,
    /// Asking for a mailed code.
    Mail,
    /// Asking to be told when there is room.
    Waitlist,
}

impl Action {
    /// The stable name, which is signed and which hosted providers repeat.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::Code => "code",
            Self::Mail => "mail",
            Self::Waitlist => "waitlist",
        }
    }
}

/// How much work a challenge is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A blink of a telephone.
    #[default]
    Light,
    /// Four times that.
    Medium,
    /// Sixteen times that.
    Heavy,
}

/// What is known of an attempt when its challenge is chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Risk {
    /// How many times its figure the caller's address has used.
    pub times: u32,
    /// Wrong passwords in a row for this account, from devices that it does not know.
    pub failures: i64,
    /// What the instance as a whole asks at the least.
    pub least: Level,
}

impl Level {
    /// The work that a risk is worth.
    pub fn of(risk: Risk) -> Self {
        let by_address = match risk.times {
            0..=2 => Self::Light,
            3..=5 => Self::Medium,
            _ => Self::Heavy,
        };
        let by_account = match risk.failures {
            ..=29 => Self::Light,
            30..=59 => Self::Medium,
            _ => Self::Heavy,
        };
        by_address.max(by_account).max(risk.least)
    }

    /// What an instance asks where so many proofs failed lately that the counter, which loses one a second, stands here.
    pub fn of_failures(lately: i64) -> Self {
        match lately {
            ..=299 => Self::Light,
            300..=2_999 => Self::Medium,
            _ => Self::Heavy,
        }
    }

    /// Its place among them: the heavier, the higher.
    pub fn rank(self) -> i64 {
        match self {
            Self::Light => 1,
            Self::Medium => 2,
            Self::Heavy => 3,
        }
    }

    fn times(self) -> u32 {
        match self {
            Self::Light => 1,
            Self::Medium => 4,
            Self::Heavy => 16,
        }
    }
}

/// A challenge as it is posed.
#[derive(Clone, Copy, Debug)]
pub struct Posed<'a> {
    /// What it stands in front of.
    pub action: Action,
    /// The host whose pages pose it.
    pub host: &'a str,
    /// How much work it is.
    pub level: Level,
    /// What the lightest one costs.
    pub work: Work,
}

/// A challenge that was solved, fit to be used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solved {
    /// By what it is known when it comes a second time.
    pub id: Vec<u8>,
    /// How much work it was.
    pub level: Level,
    /// Until when it counts.
    pub expires: Time,
}

impl Solved {
    /// What counts for any work, as a person's answer does.
    pub fn by_person(id: Vec<u8>, expires: Time) -> Self {
        Self { id, level: Level::Heavy, expires }
    }
}

/// Why an answer counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsolved {
    /// It cannot be read.
    #[error("no answer to a challenge")]
    Malformed,
    /// The challenge is none of this instance's, or was altered.
    #[error("not a challenge of this instance")]
    Forged,
    /// It was posed in front of something else, or by another host.
    #[error("posed for something else")]
    Elsewhere,
    /// It is too old.
    #[error("too old")]
    Expired,
    /// The key is not the one.
    #[error("not solved")]
    Wrong,
}

/// What challenges are signed with.
pub struct ChallengeKeys {
    challenge: Secret<String>,
    solution: Secret<String>,
}

impl ChallengeKeys {
    /// The keys of an instance.
    pub fn of(keyring: &Keyring) -> Self {
        let key = |part: &[u8]| Secret::new(hex(&keyring.mac(Purpose::Challenge, &[part])));
        Self { challenge: key(b"challenge"), solution: key(b"solution") }
    }

    /// A new challenge, in the form that the widget reads; nothing where it cannot be made.
    pub fn pose(&self, posed: Posed<'_>, now: Time, entropy: &dyn Entropy) -> Option<String> {
        let (nonce, salt) = (entropy::bytes::<16>(entropy), entropy::bytes::<16>(entropy));
        let half = posed.work.tries.get().saturating_mul(posed.level.times()).div_ceil(2);
        let counter = half + u32::from_be_bytes(entropy::bytes::<4>(entropy)) % half;
        let key = derive(&nonce, counter, &salt, posed.work.passes);
        let data = BTreeMap::from([
            (String::from("action"), posed.action.as_str().into()),
            (String::from("expires"), now.plus(LIFE).as_millis().into()),
            (String::from("host"), posed.host.into()),
            (String::from("level"), serde_json::to_value(posed.level).ok()?),
        ]);
        let mut parameters = ChallengeParameters {
            algorithm: ALGORITHM.to_owned(),
            cost: posed.work.passes.get(),
            data: Some(data),
            // The crate compares this one with the system's clock; ours is in the data.
            expires_at: None,
            key_length: KEY,
            key_prefix: hex(key.get(..TOLD)?),
            key_signature: None,
            memory_cost: None,
            nonce: hex(&nonce),
            parallelism: None,
            salt: hex(&salt),
        };
        let signed = altcha::sign_challenge(
            &HmacAlgorithm::Sha256,
            &mut parameters,
            Some(&key),
            self.challenge.expose(),
            Some(self.solution.expose()),
        );
        serde_json::to_string(&signed.ok()?).ok()
    }

    /// Judges what a browser shows, without doing its work again.
    ///
    /// # Errors
    /// Why it counts for nothing.
    pub fn check(&self, shown: &str, action: Action, host: &str, now: Time) -> Result<Solved, Unsolved> {
        let (posed_for, solved) = self.read(shown, host)?;
        if posed_for != action {
            return Err(Unsolved::Elsewhere);
        }
        if solved.expires <= now { Err(Unsolved::Expired) } else { Ok(solved) }
    }

    /// The same of what may stand in front of anything and be of any age: in front of what, and until when it counts.
    ///
    /// # Errors
    /// Why it counts for nothing.
    pub fn read(&self, shown: &str, host: &str) -> Result<(Action, Solved), Unsolved> {
        if shown.len() > LONGEST {
            return Err(Unsolved::Malformed);
        }
        let plain = STANDARD.decode(shown).map_err(|_| Unsolved::Malformed)?;
        let payload: Payload = serde_json::from_slice(&plain).map_err(|_| Unsolved::Malformed)?;
        let options = VerifySolutionOptions {
            hmac_key_signature_secret: Some(self.solution.expose().clone()),
            ..VerifySolutionOptions::new(&payload.challenge, &payload.solution, self.challenge.expose().as_str())
        };
        let parameters = &payload.challenge.parameters;
        let told = altcha::verify_solution(options).map_err(|_| Unsolved::Malformed)?;
        if told.invalid_signature != Some(false) || parameters.key_signature.is_none() {
            return Err(Unsolved::Forged);
        }
        let data: Signed = parameters
            .data
            .as_ref()
            .and_then(|data| serde_json::to_value(data).ok())
            .and_then(|data| serde_json::from_value(data).ok())
            .ok_or(Unsolved::Forged)?;
        if data.host != host {
            return Err(Unsolved::Elsewhere);
        }
        if !told.verified {
            return Err(Unsolved::Wrong);
        }
        let expires = Time::from_millis(data.expires);
        Ok((data.action, Solved { id: parameters.nonce.clone().into_bytes(), level: data.level, expires }))
    }
}

/// What the signature covers beside the work.
#[derive(Deserialize)]
struct Signed {
    action: Action,
    expires: i64,
    host: String,
    level: Level,
}

/// The key behind a counter, as the widget derives it.
fn derive(nonce: &[u8], counter: u32, salt: &[u8], passes: NonZeroU32) -> [u8; KEY] {
    let mut key = [0; KEY];
    let password = [nonce, &counter.to_be_bytes()].concat();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, passes, salt, &password, &mut key);
    key
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Does a browser's work, for tests and measurements.
#[cfg(any(test, feature = "testkit"))]
pub fn solve(challenge: &str) -> Option<String> {
    let challenge: altcha::Challenge = serde_json::from_str(challenge).ok()?;
    let nonce = bytes(&challenge.parameters.nonce)?;
    let salt = bytes(&challenge.parameters.salt)?;
    let told = bytes(&challenge.parameters.key_prefix)?;
    let passes = NonZeroU32::new(challenge.parameters.cost)?;
    let (counter, key) = (0..u32::MAX)
        .map(|counter| (counter, derive(&nonce, counter, &salt, passes)))
        .find(|(_, key)| key.starts_with(&told))?;
    let solution = altcha::Solution { counter, derived_key: hex(&key), time: None };
    Some(STANDARD.encode(serde_json::to_vec(&Payload { challenge, solution }).ok()?))
}

#[cfg(any(test, feature = "testkit"))]
fn bytes(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
