//! Signing, as Standard Webhooks say: HMAC-SHA-256 over id, time and body (SEC-120).

use crate::{
    entropy::{self, Entropy},
    secret::Secret,
    time::Time,
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

const PREFIX: &str = "whsec_";
/// What a secret of ours holds, and what others may hold, in bytes.
const LENGTH: usize = 32;
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// What an endpoint's messages are signed with.
pub struct SigningSecret(Secret<Vec<u8>>);

/// The text is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not whsec_ and 24 to 64 bytes of base64")]
pub struct SecretFault;

impl SigningSecret {
    /// A new one: 256 random bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy::bytes::<LENGTH>(entropy).to_vec()))
    }

    /// Reads a secret's text.
    ///
    /// # Errors
    /// When it is none, too short, or too long.
    pub fn parse(text: &str) -> Result<Self, SecretFault> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(SecretFault)?;
        let bytes = STANDARD.decode(body).map_err(|_| SecretFault)?;
        Self::from_bytes(bytes)
    }

    /// From what was sealed.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SecretFault> {
        let bytes = Secret::new(bytes);
        if LENGTHS.contains(&bytes.expose().len()) { Ok(Self(bytes)) } else { Err(SecretFault) }
    }

    /// What is sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// The text, for whoever keeps the endpoint.
    pub fn reveal(&self) -> Secret<String> {
        Secret::new(format!("{PREFIX}{}", STANDARD.encode(self.0.expose())))
    }

    fn sign(&self, id: &str, seconds: &str, body: &[u8]) -> String {
        let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()));
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            signed.update(part);
        }
        format!("v1,{}", STANDARD.encode(signed.sign().as_ref()))
    }
}

/// The time and the signatures of a message, one for each live secret, as its headers carry them.
pub fn signature_header(secrets: &[SigningSecret], id: &str, at: Time, body: &[u8]) -> (String, String) {
    let seconds = at.as_millis().div_euclid(1000).to_string();
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, &seconds, body)).collect();
    (seconds, signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    #[test]
    fn the_example_of_the_standard_is_signed_as_it_says() {
        // From the specification of Standard Webhooks.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (seconds, header) = signature_header(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Time::from_millis(1_614_265_330_999),
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(seconds, "1614265330");
        assert_eq!(header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn sec_120_two_secrets_make_two_signatures_and_a_text_is_read_back() {
        let chance = Seeded::new(4);
        let (one, two) = (SigningSecret::new(&chance), SigningSecret::new(&chance));
        let text = one.reveal();
        assert_eq!(SigningSecret::parse(text.expose()).unwrap().bytes(), one.bytes());
        let (_, header) = signature_header(&[one, two], "msg_1", Time::from_millis(1), b"{}");
        let parts: Vec<&str> = header.split(' ').collect();
        assert!(parts.len() == 2 && parts[0] != parts[1] && parts.iter().all(|p| p.starts_with("v1,")));
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!"] {
            assert!(SigningSecret::parse(wrong).is_err(), "{wrong}");
        }
    }
}
