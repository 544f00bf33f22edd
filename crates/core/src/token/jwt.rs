//! Session tokens as JWTs (RFC 7519), signed by RS256 and nothing else: the keys that make them, and their check.

use super::claims::{Expected, Rejected, SessionClaims};
use crate::{secret::Secret, time::Time};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a token is for; it stands in its header, so that one class is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Says who is signed in.
    Session,
    /// Made from an operator's template, for somebody else's service.
    Template,
}

impl Category {
    fn as_str(self) -> &'static str {
        match self {
            Self::Session => "cl_B7d4PD111AAA",
            Self::Template => "cl_B7d4PD222AAA",
        }
    }
}

/// A key cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA key of 2048 bits")]
pub struct KeyFault;

/// A private key that signs tokens. It has no `Debug`. It is read once: to read and check an RSA key takes as long as
/// many signatures.
pub struct SigningKey {
    kid: String,
    key: KeyPair,
    /// The heads of tokens, encoded: all tokens of a category have the same.
    heads: [String; 2],
    public_pem: String,
    jwk: Value,
}

impl SigningKey {
    /// A new private key in PKCS#8. The library draws its own random bytes for the primes.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn generate() -> Result<Secret<Vec<u8>>, KeyFault> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyFault)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFault)?;
        Ok(Secret::new(der.as_ref().to_vec()))
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// When it is none, or of another size than every checker takes.
    pub fn from_pkcs8(kid: &str, der: &[u8]) -> Result<Self, KeyFault> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| KeyFault)?;
        if pair.public_modulus_len() != 256 {
            return Err(KeyFault);
        }
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| KeyFault)?;
        let private = Secret::new(pem("PRIVATE KEY", der));
        let named = EncodingKey::from_rsa_pem(private.expose().as_bytes()).map_err(|_| KeyFault)?;
        let jwk = jwk(kid, &named).ok_or(KeyFault)?;
        let public_pem = pem("PUBLIC KEY", public.as_ref());
        let heads = [head(kid, Category::Session)?, head(kid, Category::Template)?];
        Ok(Self { kid: kid.to_owned(), key: pair, heads, public_pem, jwk })
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half in PEM, for checking without a network.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// The public half as a JWK (RFC 7517).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Signs claims, as a JWS in its compact form (RFC 7515, 7.1).
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn sign(&self, category: Category, claims: &impl Serialize) -> Result<String, KeyFault> {
        let [session, template] = &self.heads;
        let mut token = String::with_capacity(1024);
        token.push_str(if category == Category::Session { session } else { template });
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(|_| KeyFault)?, &mut token);
        let mut signature = [0; 256];
        // This padding draws no chance; the library asks for a source all the same.
        let chance = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &chance, token.as_bytes(), &mut signature).map_err(|_| KeyFault)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// The head of a key's tokens, encoded.
fn head(kid: &str, category: Category) -> Result<String, KeyFault> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    header.extras.insert("cat", category.as_str());
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(|_| KeyFault)?))
}

/// Signs claims with a secret that an operator shares with somebody else's service (HS256).
///
/// # Errors
/// When they cannot be written as JSON.
pub fn sign_shared(secret: &Secret<String>, claims: &impl Serialize) -> Result<String, KeyFault> {
    let mut header = Header::new(Algorithm::HS256);
    header.extras.insert("cat", Category::Template.as_str());
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    jsonwebtoken::encode(&header, claims, &key).map_err(|_| KeyFault)
}

/// A public key that tokens are checked with. Like a private one it is read once.
#[derive(Clone)]
pub struct VerifyingKey(ParsedPublicKey);

impl VerifyingKey {
    /// From PEM, as `PUBLIC KEY` (RFC 5280) or `RSA PUBLIC KEY` (RFC 8017).
    ///
    /// # Errors
    /// When it is no RSA public key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyFault> {
        let block = pem::parse(pem).map_err(|_| KeyFault)?;
        if !matches!(block.tag(), "PUBLIC KEY" | "RSA PUBLIC KEY") {
            return Err(KeyFault);
        }
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, block.contents()).map(Self).map_err(|_| KeyFault)
    }

    /// From a JWK.
    ///
    /// # Errors
    /// When it is no RSA public key.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyFault> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|n| !n.is_empty());
        let ("RSA", Some(n), Some(e)) = (text("kty").unwrap_or_default(), number("n"), number("e")) else {
            return Err(KeyFault);
        };
        let key = PublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        key.map(Self).map_err(|_| KeyFault)
    }
}

/// A token that was read and is not believed: only the right key gives its claims out.
pub struct Unverified<'t, T> {
    pub(super) head: &'t str,
    pub(super) kid: Option<Arc<str>>,
    claims: T,
    message: &'t str,
    signature: &'t str,
}

impl<'t, T: DeserializeOwned> Unverified<'t, T> {
    /// Reads a token, once: its head, and claims of this form.
    ///
    /// # Errors
    /// When it is no JWT, or none that a session's token can be.
    pub fn read(token: &'t str) -> Result<Self, Rejected> {
        Self::read_knowing(token, |_| None)
    }

    /// The same, where `known` may tell the key's id of a head that was read before.
    pub(super) fn read_knowing(
        token: &'t str,
        known: impl Fn(&str) -> Option<Option<Arc<str>>>,
    ) -> Result<Self, Rejected> {
        let (message, signature) = token.rsplit_once('.').ok_or(Rejected::Malformed)?;
        let (head, body) = message.split_once('.').ok_or(Rejected::Malformed)?;
        let kid = match known(head) {
            Some(kid) => kid,
            // What says another kind of itself is refused as that, whatever its claims are.
            None => key_id(token)?.map(Arc::from),
        };
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| Rejected::Malformed)?;
        let claims = serde_json::from_slice(&body).map_err(|_| Rejected::Malformed)?;
        Ok(Self { head, kid, claims, message, signature })
    }

    /// The id of the key that the token says signed it.
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The claims, if this key signed them. The key alone decides the algorithm. Whether they count now is not judged.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn signed_by(self, key: &VerifyingKey) -> Result<T, Rejected> {
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| Rejected::Malformed)?;
        key.0.verify_sig(self.message.as_bytes(), &signature).map_err(|_| Rejected::Signature)?;
        Ok(self.claims)
    }
}

/// Whether a head is one of our sessions' tokens.
fn fits(header: &Header) -> Result<(), Rejected> {
    let typ = header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"));
    let category = header.extras.get::<String>("cat").map_err(|_| Rejected::Malformed)?;
    let session = category.is_none_or(|cat| cat == Category::Session.as_str());
    if header.alg != Algorithm::RS256 || !typ || !session {
        return Err(Rejected::WrongKind);
    }
    // Nothing critical is understood here (RFC 7515, 4.1.11).
    if header.crit.is_some() {
        return Err(Rejected::Malformed);
    }
    Ok(())
}

/// The id of the key that a token says signed it. Nothing is checked yet.
///
/// # Errors
/// When it is no JWT, or none that a session's token can be.
pub fn key_id(token: &str) -> Result<Option<String>, Rejected> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected::Malformed)?;
    fits(&header)?;
    Ok(header.kid)
}

/// Reads the claims of a token whose signature is not looked at: to learn which session an expired one was of.
///
/// # Errors
/// When it cannot be read.
pub fn peek(token: &str) -> Result<SessionClaims, Rejected> {
    jsonwebtoken::dangerous::insecure_decode::<SessionClaims>(token)
        .map(|data| data.claims)
        .map_err(|_| Rejected::Malformed)
}

/// Checks a session token with a key.
///
/// # Errors
/// Why it is not believed.
pub fn verify(token: &str, key: &VerifyingKey, expected: &Expected, now: Time) -> Result<SessionClaims, Rejected> {
    let claims = Unverified::<SessionClaims>::read(token)?.signed_by(key)?;
    claims.judge(expected, now).map(|()| claims)
}

fn pem(tag: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), config)
}

fn jwk(kid: &str, key: &EncodingKey) -> Option<Value> {
    let public = serde_json::to_value(Jwk::from_encoding_key(key, Algorithm::RS256).ok()?).ok()?;
    Some(json!({
        "use": "sig", "kty": "RSA", "kid": kid, "alg": "RS256", "n": public.get("n")?, "e": public.get("e")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;
    use std::time::Duration;

    fn key(kid: &str) -> SigningKey {
        SigningKey::from_pkcs8(kid, SigningKey::generate().unwrap().expose()).unwrap()
    }

    fn claims() -> SessionClaims {
        SessionClaims {
            azp: None,
            exp: 1060,
            fva: Some([0, -1]),
            iat: 1000,
            iss: "https://auth.example.com".into(),
            jti: Some("a".into()),
            nbf: 990,
            sid: "sess_1".into(),
            sts: Some("active".into()),
            sub: "user_1".into(),
            v: Some(2),
            more: Map::new(),
        }
    }

    #[test]
    fn sec_100_a_token_is_checked_by_pem_and_by_jwk_and_the_pem_has_the_form_that_every_backend_reads() {
        let signing = key("ins_1");
        let token = signing.sign(Category::Session, &claims()).unwrap();
        let (now, expected) = (Time::from_millis(1_030_000), Expected::default());
        assert_eq!(key_id(&token).unwrap().as_deref(), Some("ins_1"));
        for verifying in
            [VerifyingKey::from_pem(signing.public_pem()).unwrap(), VerifyingKey::from_jwk(signing.jwk()).unwrap()]
        {
            assert_eq!(verify(&token, &verifying, &expected, now), Ok(claims()));
        }
        let body: String = signing.public_pem().lines().filter(|line| !line.starts_with('-')).collect();
        assert!(body.starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA") && body.ends_with("IDAQAB"));
        assert!(signing.jwk().get("d").is_none(), "nothing private is published");
    }

    #[test]
    fn another_key_another_class_and_a_changed_token_are_refused() {
        let (signing, other) = (key("ins_1"), key("ins_2"));
        let verifying = VerifyingKey::from_pem(signing.public_pem()).unwrap();
        let check = |token: &str| verify(token, &verifying, &Expected::default(), Time::from_millis(1_030_000));
        let foreign = other.sign(Category::Session, &claims()).unwrap();
        assert_eq!(check(&foreign), Err(Rejected::Signature));
        let template = signing.sign(Category::Template, &claims()).unwrap();
        assert_eq!(check(&template), Err(Rejected::WrongKind));
        let shared = sign_shared(&Secret::new(signing.public_pem().to_owned()), &claims()).unwrap();
        assert_eq!(check(&shared), Err(Rejected::WrongKind), "the public key is no shared secret");
        let good = signing.sign(Category::Session, &claims()).unwrap();
        let (head, rest) = good.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let mut forged = claims();
        forged.sub = "user_2".into();
        let other = other.sign(Category::Session, &forged).unwrap();
        let body = other.split('.').nth(1).unwrap();
        assert_eq!(check(&format!("{head}.{body}.{signature}")), Err(Rejected::Signature));
        for bad in ["", "a", "a.b.c", "..", &format!("{head}.{body}"), &"a".repeat(10_000)] {
            assert_eq!(check(bad), Err(Rejected::Malformed), "{bad:.40}");
        }
    }

    #[test]
    fn sec_72_a_critical_header_is_refused() {
        let key = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", SigningKey::generate().unwrap().expose()).as_bytes());
        let mut header = Header::new(Algorithm::RS256);
        header.crit = Some(vec!["exp".into()]);
        let token = jsonwebtoken::encode(&header, &claims(), &key.unwrap()).unwrap();
        assert_eq!(key_id(&token), Err(Rejected::Malformed));
    }

    #[test]
    fn an_expired_token_still_tells_its_session_to_whoever_checks_its_signature() {
        let signing = key("ins_1");
        let verifying = VerifyingKey::from_pem(signing.public_pem()).unwrap();
        let token = signing.sign(Category::Session, &claims()).unwrap();
        let late = Time::from_millis(10_000_000);
        let expected = Expected { clock_skew: Duration::from_secs(5), ..Expected::default() };
        assert_eq!(verify(&token, &verifying, &expected, late), Err(Rejected::Expired));
        assert_eq!(Unverified::<SessionClaims>::read(&token).unwrap().signed_by(&verifying).unwrap().sid, "sess_1");
        assert_eq!(peek(&token).unwrap().sid, "sess_1");
    }
}
