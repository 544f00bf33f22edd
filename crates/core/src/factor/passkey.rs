//! Passkeys and security keys (WebAuthn Level 3): the rules that are left to a relying party beside the ceremony itself.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::time::Duration;

/// How long a challenge may wait for its answer (SEC-65).
pub const TO_ANSWER: Duration = Duration::from_secs(5 * 60);
/// How many an account may have.
pub const MOST: i64 = 20;
/// The longest credential id (WebAuthn Level 3, 4).
const LONGEST_ID: usize = 1023;
/// ES256 and RS256, as COSE numbers them: what an answer may be signed with, of what our library verifies.
const ALGORITHMS: [i64; 2] = [-7, -257];

/// Whether a new credential may be kept (WebAuthn Level 3, 7.1).
pub fn may_be_kept(id: &[u8], algorithm: i64) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && ALGORITHMS.contains(&algorithm)
}

/// What a browser says that it did (WebAuthn Level 3, 5.8.1), as far as it is read before the ceremony's library reads it.
#[derive(Debug, Deserialize)]
pub struct ClientData {
    challenge: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

impl ClientData {
    /// Reads it. Nothing for what is no client data, and for what was done in a frame of another site's page.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(json).ok().filter(|data| !data.cross_origin)
    }

    /// The name under which the challenge that it answers is kept.
    pub fn challenge_hash(&self) -> Option<[u8; 32]> {
        let challenge = URL_SAFE_NO_PAD.decode(&self.challenge).ok()?;
        challenge_hash(&challenge)
    }
}

/// The name under which a challenge is kept.
pub fn challenge_hash(challenge: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, challenge).as_ref().try_into().ok()
}

/// An answer whose signature, challenge and origin were found right.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// Whether the authenticator verified its owner, by a finger, a face or a PIN.
    pub user_verified: bool,
    /// Whom the authenticator says it belongs to. Security keys that keep nothing say nothing.
    pub user_handle: Option<&'a [u8]>,
    /// The handle of the account that the credential is kept for.
    pub owner: &'a [u8],
}

impl Assertion<'_> {
    /// Whether it names an account and that account has it: all there is to go by when nobody was named before
    /// (WebAuthn Level 3, 7.2, step 6).
    pub fn names_its_owner(&self) -> bool {
        self.user_verified && self.user_handle == Some(self.owner)
    }

    /// Whether it is of this account, which was known before.
    pub fn is_of_its_owner(&self) -> bool {
        self.user_verified && self.user_handle.is_none_or(|named| named == self.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_66_an_answer_names_its_owner_and_was_given_by_them() {
        let owner = [7; 16];
        let answer = |user_verified, user_handle| Assertion { user_verified, user_handle, owner: &owner };
        for (given, first, second) in [
            (answer(true, Some(&owner[..])), true, true),
            (answer(true, None), false, true),
            (answer(true, Some(&[8; 16][..])), false, false),
            (answer(true, Some(&owner[..15])), false, false),
            (answer(false, Some(&owner[..])), false, false),
            (answer(false, None), false, false),
        ] {
            assert_eq!((given.names_its_owner(), given.is_of_its_owner()), (first, second), "{given:?}");
        }
    }

    #[test]
    fn sec_66_client_data_of_a_foreign_frame_is_none() {
        let hash = |json: &str| ClientData::read(json.as_bytes()).and_then(|data| data.challenge_hash());
        let plain = r#"{"type":"webauthn.get","challenge":"AQID","origin":"https://a.example""#;
        assert_eq!(hash(&format!("{plain}}}")), challenge_hash(&[1, 2, 3]));
        assert_eq!(hash(&format!(r#"{plain},"crossOrigin":false}}"#)), challenge_hash(&[1, 2, 3]));
        assert_eq!(hash(&format!(r#"{plain},"crossOrigin":true}}"#)), None);
        assert_eq!(hash(r#"{"challenge":"not base64!"}"#), None);
        assert_eq!(hash("{}"), None);
    }

    #[test]
    fn sec_66_what_may_be_kept() {
        assert!(may_be_kept(&[1; 1023], -7) && may_be_kept(&[1], -257));
        assert!(!may_be_kept(&[1; 1024], -7) && !may_be_kept(&[], -7));
        // ES384 is right for the library, SHA-1 for nobody.
        assert!(!may_be_kept(&[1; 16], -35) && !may_be_kept(&[1; 16], -65535));
    }
}
