//! Heads of tokens that were read before: all tokens of a key have the same, so that it need be read once.

use super::{
    claims::Rejected,
    jwt::{Unverified, VerifyingKey},
};
use serde::de::DeserializeOwned;
use std::sync::{Arc, PoisonError, RwLock};

/// More keys than are ever live at once.
const MOST: usize = 8;

/// The heads of tokens whose signature was right, as they are written, and the key's id that each names. Nobody else's
/// are kept: what was never signed cannot crowd out what was.
#[derive(Default)]
pub struct Heads(RwLock<Vec<Known>>);

struct Known {
    head: Box<str>,
    kid: Option<Arc<str>>,
}

impl Heads {
    /// Reads a token as [`Unverified::read`] does.
    ///
    /// # Errors
    /// As there.
    pub fn read<'t, T: DeserializeOwned>(&self, token: &'t str) -> Result<Unverified<'t, T>, Rejected> {
        Unverified::read_knowing(token, |head| {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            known.iter().find(|known| *known.head == *head).map(|known| known.kid.clone())
        })
    }

    /// The claims, if this key signed them.
    ///
    /// # Errors
    /// As [`Unverified::signed_by`].
    pub fn signed_by<T: DeserializeOwned>(&self, read: Unverified<'_, T>, key: &VerifyingKey) -> Result<T, Rejected> {
        let (head, kid) = (read.head, read.kid.clone());
        let claims = read.signed_by(key)?;
        let has = |known: &[Known]| known.iter().any(|known| *known.head == *head);
        if !has(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if !has(&known) {
                known.truncate(MOST - 1);
                known.insert(0, Known { head: head.into(), kid });
            }
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::jwt::{Category, SigningKey};
    use serde_json::{Value, json};

    fn key(kid: &str) -> (SigningKey, VerifyingKey) {
        let key = SigningKey::from_pkcs8(kid, SigningKey::generate().unwrap().expose()).unwrap();
        let public = VerifyingKey::from_pem(key.public_pem()).unwrap();
        (key, public)
    }

    fn kept(heads: &Heads) -> usize {
        heads.0.read().unwrap().len()
    }

    #[test]
    fn a_head_is_kept_once_its_token_was_signed_and_never_believed_for_another() {
        let ((ours, public), (foreign, _)) = (key("ins_1"), key("ins_1"));
        let heads = Heads::default();
        let claims = json!({ "sub": "user_1" });
        let check = |token: &str| heads.signed_by(heads.read::<Value>(token)?, &public);

        let forged = foreign.sign(Category::Session, &claims).unwrap();
        assert_eq!((check(&forged), kept(&heads)), (Err(Rejected::Signature), 0));
        for _ in 0..3 {
            let token = ours.sign(Category::Session, &claims).unwrap();
            assert_eq!(heads.read::<Value>(&token).unwrap().key_id(), Some("ins_1"));
            assert_eq!((check(&token), kept(&heads)), (Ok(claims.clone()), 1));
        }
        assert_eq!(check(&forged), Err(Rejected::Signature), "a known head says nothing of a signature");
        let template = ours.sign(Category::Template, &claims).unwrap();
        assert_eq!((check(&template), kept(&heads)), (Err(Rejected::WrongKind), 1));
    }

    #[test]
    fn old_heads_make_room() {
        let heads = Heads::default();
        let der = SigningKey::generate().unwrap();
        for number in 0..2 * MOST {
            let key = SigningKey::from_pkcs8(&format!("ins_{number}"), der.expose()).unwrap();
            let public = VerifyingKey::from_pem(key.public_pem()).unwrap();
            let token = key.sign(Category::Session, &json!({})).unwrap();
            assert!(heads.signed_by(heads.read::<Value>(&token).unwrap(), &public).is_ok());
        }
        assert_eq!(kept(&heads), MOST);
    }
}
