//! The ceremonies of WebAuthn Level 3, as their library does them: the one place that reads its types. It takes its
//! challenges from the system by itself, and looks at no clock of ours; what is kept of it is text and bytes.

use crate::settings::{Settings, is_under};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey_core::factor::passkey::{self, Assertion, ClientData};
use housekey_store::passkeys::{PasskeyRow, UsedPasskey};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Webauthn, WebauthnBuilder, WebauthnError,
};

/// What this instance is to authenticators; nothing where browsers know no passkeys, as on a bare network address.
pub(crate) struct RelyingParty(Option<Webauthn>);

/// A challenge: what the browser is told, and what is kept until its answer.
pub(crate) struct Asked {
    /// The ceremony's options, as JSON (WebAuthn Level 3, 5.1.8 and 5.1.9).
    pub options: String,
    /// The name under which the challenge is kept.
    pub hash: [u8; 32],
    /// What the answer is judged by.
    pub state: Vec<u8>,
}

/// Whom a new passkey is for.
pub(crate) struct Owner<'a> {
    pub handle: [u8; 16],
    pub name: &'a str,
    pub display_name: &'a str,
}

/// A passkey that came out of its ceremony.
pub(crate) struct Registered {
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub sign_count: i64,
    pub synced: bool,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The counter went back: there may be a copy.
    Clone,
    /// Anything else, by the name that the audit trail gives it.
    Wrong(&'static str),
}

/// An answer to a challenge, read but not judged.
pub(crate) struct Answer<T> {
    pub hash: [u8; 32],
    credential: T,
}

pub(crate) type SignedAnswer = Answer<PublicKeyCredential>;
pub(crate) type NewAnswer = Answer<RegisterPublicKeyCredential>;

impl RelyingParty {
    pub(crate) fn of(settings: &Settings, public_url: &Url) -> Self {
        let Some(id) = settings.passkeys.then(|| settings.rp_id(public_url)).flatten() else { return Self(None) };
        let Ok(builder) = WebauthnBuilder::new(&id, public_url) else { return Self(None) };
        // An app of another domain could not ask for our passkeys anyway: its browser would refuse.
        let proxies = settings.clerk.proxy_urls.iter().cloned();
        let apps = settings.app_origins.iter().filter_map(|origin| Url::parse(origin).ok()).chain(proxies);
        let apps = apps.filter(|url| url.domain().is_some_and(|host| is_under(host, &id)));
        let builder = apps.fold(builder, |builder, url| match url.origin().ascii_serialization().parse() {
            Ok(origin) => builder.append_allowed_origin(&origin),
            Err(_) => builder,
        });
        Self(builder.rp_name(&settings.name).timeout(passkey::TO_ANSWER).build().ok())
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Asks for any passkey, or for one of these.
    pub(crate) fn ask(&self, allowed: &[PasskeyRow]) -> Option<Asked> {
        let (options, state) = self.0.as_ref()?.start_discoverable_authentication().ok()?;
        let hash = passkey::challenge_hash(&options.public_key.challenge)?;
        let mut options = serde_json::to_value(&options.public_key).ok()?;
        let allowed: Vec<Value> = allowed.iter().map(described).collect();
        options.as_object_mut()?.insert("allowCredentials".to_owned(), allowed.into());
        Some(Asked { options: options.to_string(), hash, state: serde_json::to_vec(&state).ok()? })
    }

    /// Judges an answer by a passkey that is kept.
    pub(crate) fn check(
        &self,
        state: &[u8],
        answer: &SignedAnswer,
        row: &PasskeyRow,
    ) -> Result<(UsedPasskey, bool), Refused> {
        let broken = Refused::Wrong("state");
        let party = self.0.as_ref().ok_or(broken)?;
        let state: DiscoverableAuthentication = serde_json::from_slice(state).map_err(|_| broken)?;
        let mut kept: Passkey = serde_json::from_str(&row.credential).map_err(|_| broken)?;
        let result =
            party.finish_discoverable_authentication_v2(&answer.credential, state, &kept).map_err(|e| why(&e))?;
        kept.update_credential(&result);
        let used = UsedPasskey {
            id: row.id.clone(),
            count_before: row.sign_count,
            count: i64::from(result.counter()),
            credential: serde_json::to_string(&kept).map_err(|_| broken)?,
            synced: result.backup_state(),
        };
        Ok((used, result.user_verified()))
    }

    /// Asks for a new passkey, of none of the authenticators that hold one already.
    pub(crate) fn begin(&self, owner: &Owner<'_>, held: &[PasskeyRow]) -> Option<Asked> {
        let excluded = held.iter().map(|row| row.credential_id.clone()).collect();
        let handle = Uuid::from_bytes(owner.handle);
        let party = self.0.as_ref()?;
        let (options, state) =
            party.start_passkey_registration(handle, owner.name, owner.display_name, Some(excluded)).ok()?;
        let hash = passkey::challenge_hash(&options.public_key.challenge)?;
        let mut options = serde_json::to_value(&options.public_key).ok()?;
        let fields = options.as_object_mut()?;
        // The library asks for keys that need no name typed nowhere; a passkey is found by itself where it can be.
        let selection =
            json!({"residentKey": "preferred", "requireResidentKey": false, "userVerification": "required"});
        fields.insert("authenticatorSelection".to_owned(), selection);
        if let Some(Value::Array(algorithms)) = fields.get_mut("pubKeyCredParams") {
            algorithms
                .retain(|a| a.get("alg").and_then(Value::as_i64).is_some_and(|alg| passkey::may_be_kept(&[0], alg)));
        }
        Some(Asked { options: options.to_string(), hash, state: serde_json::to_vec(&state).ok()? })
    }

    /// Judges what a new passkey says of itself.
    pub(crate) fn finish(&self, state: &[u8], answer: &NewAnswer) -> Result<Registered, Refused> {
        let broken = Refused::Wrong("state");
        let party = self.0.as_ref().ok_or(broken)?;
        let state: PasskeyRegistration = serde_json::from_slice(state).map_err(|_| broken)?;
        let new = party.finish_passkey_registration(&answer.credential, &state).map_err(|e| why(&e))?;
        if !passkey::may_be_kept(new.cred_id(), *new.cred_algorithm() as i64) {
            return Err(Refused::Wrong("algorithm"));
        }
        let credential = serde_json::to_value(&new).map_err(|_| broken)?;
        let inside = |name| credential.pointer(&format!("/cred/{name}"));
        Ok(Registered {
            credential_id: new.cred_id().clone(),
            sign_count: inside("counter").and_then(Value::as_i64).unwrap_or_default(),
            synced: inside("backup_state").and_then(Value::as_bool).unwrap_or_default(),
            credential: credential.to_string(),
        })
    }
}

impl SignedAnswer {
    /// Reads what `navigator.credentials.get()` gave.
    pub(crate) fn read(json: &str) -> Option<Self> {
        let credential: PublicKeyCredential = serde_json::from_str(json).ok()?;
        let hash = ClientData::read(&credential.response.client_data_json)?.challenge_hash()?;
        Some(Self { hash, credential })
    }

    pub(crate) fn credential_id(&self) -> &[u8] {
        self.credential.get_credential_id()
    }

    /// The answer of a passkey as the rules see it, once the ceremony is passed.
    pub(crate) fn assertion<'a>(&'a self, user_verified: bool, row: &'a PasskeyRow) -> Assertion<'a> {
        Assertion { user_verified, user_handle: self.credential.get_user_unique_id(), owner: &row.handle }
    }
}

impl NewAnswer {
    /// Reads what `navigator.credentials.create()` gave.
    pub(crate) fn read(json: &str) -> Option<Self> {
        let credential: RegisterPublicKeyCredential = serde_json::from_str(json).ok()?;
        let hash = ClientData::read(&credential.response.client_data_json)?.challenge_hash()?;
        Some(Self { hash, credential })
    }
}

fn described(row: &PasskeyRow) -> Value {
    let id = URL_SAFE_NO_PAD.encode(&row.credential_id);
    let kept: Value = serde_json::from_str(&row.credential).unwrap_or_default();
    // Where it may be reached: a help for the browser, which asks on all ways without it.
    match kept.pointer("/cred/transports").and_then(Value::as_array) {
        Some(transports) => {
            let transports: Vec<_> = transports.iter().filter_map(|t| t.as_str().map(str::to_lowercase)).collect();
            json!({"type": "public-key", "id": id, "transports": transports})
        }
        None => json!({"type": "public-key", "id": id}),
    }
}

fn why(error: &WebauthnError) -> Refused {
    Refused::Wrong(match error {
        WebauthnError::CredentialPossibleCompromise => return Refused::Clone,
        WebauthnError::InvalidClientDataType => "type",
        WebauthnError::MismatchedChallenge => "challenge",
        WebauthnError::InvalidRPOrigin => "origin",
        WebauthnError::InvalidRPIDHash => "rp_id",
        WebauthnError::UserNotPresent => "user_presence",
        WebauthnError::UserNotVerified => "user_verification",
        WebauthnError::AuthenticationFailure => "signature",
        _ => "ceremony",
    })
}

#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_of_the_same_domain_may_ask_and_others_may_not() {
        let settings = Settings {
            app_origins: vec![
                "https://app.example.com".to_owned(),
                "https://other.example".to_owned(),
                "https://badexample.com".to_owned(),
            ],
            ..Settings::default()
        };
        let party = RelyingParty::of(&settings, &Url::parse("https://auth.example.com").unwrap());
        let origins: Vec<_> = party.0.unwrap().get_allowed_origins().iter().map(Url::to_string).collect();
        assert_eq!(origins, ["https://auth.example.com/", "https://app.example.com/"]);
    }

    #[test]
    fn an_address_without_a_name_has_none() {
        for url in ["http://127.0.0.1:4000", "http://[::1]:4000"] {
            assert!(!RelyingParty::of(&Settings::default(), &Url::parse(url).unwrap()).is_on(), "{url}");
        }
        assert!(RelyingParty::of(&Settings::default(), &Url::parse("http://localhost:4000").unwrap()).is_on());
        let off = Settings { passkeys: false, ..Settings::default() };
        assert!(!RelyingParty::of(&off, &Url::parse("http://localhost:4000").unwrap()).is_on());
    }
}
