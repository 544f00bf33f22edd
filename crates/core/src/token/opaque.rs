//! Credentials of the form `id.secret`: looked up by id, compared by the secret's hash, shown once.

use crate::{
    entropy::{self, Entropy},
    ids::Id,
    secret::Secret,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;
use subtle::ConstantTimeEq;

/// The SHA-256 of a 256-bit secret: what the database has. The secret's entropy makes a slow hash needless.
#[derive(Clone)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a secret.
    pub fn of(secret: &[u8; 32]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret);
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// Reads a stored hash.
    pub fn from_bytes(stored: &[u8]) -> Option<Self> {
        stored.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the secret presented is the one, in constant time.
    pub fn matches(&self, secret: &[u8; 32]) -> bool {
        Self::of(secret).0.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// A credential: a public id and 256 random bits.
pub struct OpaqueToken<I> {
    /// The row's id.
    pub id: I,
    secret: Secret<[u8; 32]>,
    /// What a native app holds; its digest under a name of its own is the secret. So neither form passes for the other.
    native: Option<Secret<[u8; 32]>>,
}

/// Before a native app's secret, so that its digest is nobody's hash.
const NATIVE: &[u8] = b"housekey native client\0";

/// The text is not a credential of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed token")]
pub struct TokenFault;

impl<I: Id> OpaqueToken<I> {
    /// A new secret for this id.
    pub fn new(id: I, entropy: &dyn Entropy) -> Self {
        Self { id, secret: Secret::new(entropy::bytes(entropy)), native: None }
    }

    /// The same for an app without a browser, which holds its secret itself.
    pub fn new_native(id: I, entropy: &dyn Entropy) -> Self {
        Self::of_native(id, entropy::bytes(entropy))
    }

    /// Reads `id.secret`.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Self, TokenFault> {
        let (id, bytes) = read(text)?;
        Ok(Self { id, secret: Secret::new(bytes), native: None })
    }

    /// Reads what a native app holds.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse_native(text: &str) -> Result<Self, TokenFault> {
        let (id, bytes) = read(text)?;
        Ok(Self::of_native(id, bytes))
    }

    fn of_native(id: I, held: [u8; 32]) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        context.update(NATIVE);
        context.update(&held);
        let mut secret = [0; 32];
        for (to, from) in secret.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self { id, secret: Secret::new(secret), native: Some(Secret::new(held)) }
    }

    /// Whether a native app holds it.
    pub fn is_native(&self) -> bool {
        self.native.is_some()
    }

    /// The credential's text, for its owner alone.
    pub fn reveal(&self) -> String {
        let held = self.native.as_ref().unwrap_or(&self.secret);
        format!("{}.{}", self.id.as_ref(), URL_SAFE_NO_PAD.encode(held.expose()))
    }

    /// What the database keeps of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.secret.expose())
    }

    /// The same credential, for the same request.
    #[must_use]
    pub fn again(&self) -> Self
    where
        I: Clone,
    {
        let native = self.native.as_ref().map(|held| Secret::new(*held.expose()));
        Self { id: self.id.clone(), secret: Secret::new(*self.secret.expose()), native }
    }

    /// The secret half.
    pub fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }
}

fn read<I: Id>(text: &str) -> Result<(I, [u8; 32]), TokenFault> {
    let (id, secret) = text.split_once('.').ok_or(TokenFault)?;
    let id = I::try_from(id).map_err(|_| TokenFault)?;
    let mut bytes = [0u8; 32];
    match URL_SAFE_NO_PAD.decode_slice(secret, &mut bytes) {
        Ok(32) if secret.len() == 43 => Ok((id, bytes)),
        _ => Err(TokenFault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::Seeded, ids::ClientId, time::Time};

    #[test]
    fn sec_40_a_token_is_read_back_and_matches_only_its_hash() {
        let chance = Seeded::new(7);
        let new = || OpaqueToken::new(ClientId::new(Time::from_millis(1_700_000_000_000), &chance), &chance);
        let (token, other) = (new(), new());
        let read = OpaqueToken::<ClientId>::parse(&token.reveal()).unwrap();
        assert_eq!(read.id, token.id);
        assert!(token.hash().matches(read.secret().expose()));
        assert!(!token.hash().matches(other.secret().expose()));
        for bad in ["", ".", "client_x.y", &format!("{}=", token.reveal()), &token.reveal()[1..]] {
            assert!(OpaqueToken::<ClientId>::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_native_apps_secret_is_no_browsers_nor_the_reverse() {
        let chance = Seeded::new(7);
        let id = || ClientId::new(Time::from_millis(1_700_000_000_000), &chance);
        let (browser, native) = (OpaqueToken::new(id(), &chance), OpaqueToken::new_native(id(), &chance));
        let parse = |text: &str| OpaqueToken::<ClientId>::parse(text).unwrap();
        let parse_native = |text: &str| OpaqueToken::<ClientId>::parse_native(text).unwrap();
        assert!(native.hash().matches(parse_native(&native.reveal()).secret().expose()));
        assert!(native.hash().matches(parse_native(&native.again().reveal()).secret().expose()));
        assert!(!native.hash().matches(parse(&native.reveal()).secret().expose()));
        assert!(!browser.hash().matches(parse_native(&browser.reveal()).secret().expose()));
    }
}
