//! Handing a session over to an app's backend: an answer that waits to be fetched once, and a secret that renews the
//! session's token without the browser coming back. Neither is a way to a session: both end with it.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{clients::SessionOf, tokens::ClaimsForm},
    housekey::Housekey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use housekey_core::{
    entropy,
    ids::SessionId,
    keyring::Place,
    secret::Secret,
    time::Time,
    token::{
        claims::SessionClaims,
        jwt::{Category, Unverified},
        opaque::TokenHash,
    },
};
use serde_json::json;
use std::time::Duration;

/// How long an answer waits.
const WAITS: Duration = Duration::from_secs(60);

/// What an app's backend is to know of a browser.
pub struct Handover {
    /// Who is signed in, if somebody is.
    pub signed_in: Option<HandedOver>,
    /// When somebody last signed in or out there.
    pub signed: Time,
}

/// A session that is handed over.
pub struct HandedOver {
    /// Which.
    pub session: SessionId,
    /// Its token.
    pub jwt: String,
    /// What renews the token for that app.
    pub refresh: Secret<String>,
    /// When the session ends at the latest.
    pub expires: Time,
}

impl Housekey {
    /// What the backend of the app at `origin` is to know of the caller.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for a secret that was just replaced, [`Error::Limited`] where nobody is signed in and too
    /// many ask from one address, [`Error::Unavailable`] without database.
    pub async fn handshake_open(&self, caller: &Caller, origin: &str) -> Result<Handover> {
        let Some(view) = self.client_view(caller).await? else {
            self.spend(self.handshake_spends(caller)).await?;
            return Ok(Handover { signed_in: None, signed: Time::from_millis(0) });
        };
        let active = view.sessions.iter().find(|s| Some(&s.session.id) == view.active.as_ref());
        let Some(open) = active else {
            self.spend(self.handshake_spends(caller)).await?;
            return Ok(Handover { signed_in: None, signed: view.signed });
        };
        let id = &open.session.id;
        let jwt = self.session_token(caller, id, Some(origin), ClaimsForm::Second).await?;
        let refresh = entropy::bytes::<32>(self.entropy());
        let kept = (id.clone(), origin.to_owned(), TokenHash::of(&refresh));
        self.store().handshake_put(None, Some(kept), self.now()).await?;
        let refresh = Secret::new(URL_SAFE_NO_PAD.encode(refresh));
        let signed_in = HandedOver { session: id.clone(), jwt, refresh, expires: open.session.expires };
        Ok(Handover { signed_in: Some(signed_in), signed: view.signed })
    }

    /// Keeps an answer for a minute, and gives the nonce that fetches it once, while the session that it hands over
    /// lasts.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn handshake_keep(&self, session: Option<&SessionId>, directives: &[String]) -> Result<Secret<String>> {
        let nonce = entropy::bytes::<32>(self.entropy());
        let plain =
            serde_json::to_vec(&(session, directives)).map_err(|_| Error::Bug("directives cannot be written"))?;
        let now = self.now();
        let sealed = self.keyring().seal(PLACE, &plain, self.entropy());
        self.store().handshake_put(Some((TokenHash::of(&nonce), sealed, now.plus(WAITS))), None, now).await?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(nonce)))
    }

    /// The same as a signed token, which carries the answer itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn handshake_sign(&self, directives: &[String]) -> Result<String> {
        let now = self.now().as_millis() / 1000;
        let claims = json!({ "handshake": directives, "iss": self.clerk_issuer(), "iat": now, "nbf": now - 10, "exp": now + 60 });
        self.sign(Category::Session, &claims).await
    }

    /// Fetches an answer.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a nonce that is unknown, was used or is too old, or whose session has ended.
    pub async fn handshake_take(&self, nonce: &str) -> Result<Vec<String>> {
        let mut bytes = [0u8; 32];
        if URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes) != Ok(32) {
            return Err(Error::NotFound);
        }
        let sealed = self.store().handshake_take(TokenHash::of(&bytes), self.now()).await?.ok_or(Error::NotFound)?;
        let broken = || Error::Bug("a kept answer cannot be read");
        let plain = self.keyring().open(PLACE, &sealed).map_err(|_| broken())?;
        let (session, directives): (Option<SessionId>, Vec<String>) =
            serde_json::from_slice(plain.expose()).map_err(|_| broken())?;
        if let Some(session) = session {
            self.open_session(&session).await?.ok_or(Error::NotFound)?;
        }
        Ok(directives)
    }

    /// A new token for a session whose last one has expired, for the app at `origin` that holds its refresh secret.
    ///
    /// # Errors
    /// [`Error::SignedOut`] when the session has ended, the token is not its, or the secret is wrong.
    pub async fn session_refresh(
        &self,
        id: &SessionId,
        expired: &str,
        refresh: &str,
        origin: &str,
    ) -> Result<(String, Time)> {
        let signing = self.signing().await?;
        let read = Unverified::<SessionClaims>::read(expired).map_err(|_| Error::SignedOut)?;
        let key = read.key_id().and_then(|kid| signing.verifying(kid)).ok_or(Error::SignedOut)?;
        let claims = read.signed_by(key).map_err(|_| Error::SignedOut)?;
        let mut bytes = [0u8; 32];
        let well_formed = URL_SAFE_NO_PAD.decode_slice(refresh, &mut bytes) == Ok(32);
        let stored = self.store().reader().refresh_secret(id, origin).await?.ok_or(Error::SignedOut)?;
        let right = well_formed && stored.matches(&bytes) && claims.sid == id.as_str();
        if !right || claims.azp.as_deref().is_some_and(|azp| azp != origin) {
            return Err(Error::SignedOut);
        }
        let (open, signed) = self.open_session(id).await?.ok_or(Error::SignedOut)?;
        self.seen().note(id, open.session.last_seen, self.now());
        let claims = self.claims(&open, Some(origin), signed, ClaimsForm::Second);
        Ok((self.sign(Category::Session, &claims).await?, open.session.expires))
    }

    /// A session that counts now, by its id alone: for whoever holds a secret key or a secret of the session.
    pub(crate) async fn open_session(&self, id: &SessionId) -> Result<Option<(SessionOf, Time)>> {
        let reader = self.store().reader();
        let Some(row) = reader.session(id).await? else { return Ok(None) };
        let Some(client) = reader.client(&row.session.client).await? else { return Ok(None) };
        let Some(user) = self.profile(&row.session.user).await? else { return Ok(None) };
        let seen = self.seen().last(id).unwrap_or(row.session.last_seen).max(row.session.last_seen);
        let alive = row.session.alive(seen, &self.settings().sessions, self.now()).is_ok() && !user.banned;
        Ok(alive.then(|| (SessionOf { session: row.session, user: user.into(), seen }, client.signed)))
    }
}

const PLACE: Place<'static> = Place { table: "housekey_handshake", column: "sealed", row: "handshake" };
