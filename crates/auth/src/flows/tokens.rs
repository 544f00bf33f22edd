//! Tokens of sessions: short, signed, and never a way to a session.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{
        clients::{KeptToken, SessionOf},
        profile::Profile,
    },
    housekey::Housekey,
};
use housekey_core::{
    entropy,
    ids::SessionId,
    keyring::Place,
    secret::Secret,
    session::Status,
    time::Time,
    token::{
        claims::{Expected, LIFE, NOT_BEFORE, SessionClaims},
        jwt::{self, Category},
        template,
    },
};
use housekey_store::jwt_templates::JwtTemplateRow;
use serde_json::{Value, json};
use std::time::Duration;

/// A token that lives longer than this is handed out again.
const REUSE: Duration = Duration::from_secs(20);
/// Tokens that are kept of one client.
const KEPT: usize = 8;

/// The form of a token's claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsForm {
    /// The first one, for old apps.
    First,
    /// The present one.
    Second,
}

impl Housekey {
    /// A token for one of the caller's sessions, asked for by `party`, an origin.
    ///
    /// # Errors
    /// [`Error::SignedOut`] when the session has ended or is not the caller's.
    pub async fn session_token(
        &self,
        caller: &Caller,
        session: &SessionId,
        party: Option<&str>,
        form: ClaimsForm,
    ) -> Result<String> {
        let token = caller.client.as_ref().ok_or(Error::SignedOut)?;
        let Some((entry, _)) = self.client_of(token).await? else { return Err(Error::SignedOut) };
        let (view, now) = (&entry.view, self.now());
        let open = view.sessions.iter().find(|s| s.session.id == *session && self.is_alive(s, now));
        let open = open.ok_or(Error::SignedOut)?;
        self.seen().note(session, open.session.last_seen, now);
        let fits = |kept: &&KeptToken| {
            kept.session == *session && kept.party.as_deref() == party && now.plus(REUSE) < kept.expires
        };
        if form == ClaimsForm::Second
            && let Some(kept) = entry.tokens().iter().find(fits)
        {
            return Ok(kept.jwt.clone());
        }
        let claims = self.claims(open, party, view.signed, form);
        let expires = Time::from_millis(claims.exp * 1000);
        let jwt = self.sign(Category::Session, &claims).await?;
        if form == ClaimsForm::Second {
            let mut tokens = entry.tokens();
            tokens.retain(|kept| !(kept.session == *session && kept.party.as_deref() == party));
            if tokens.len() >= KEPT {
                tokens.remove(0);
            }
            let party = party.map(str::to_owned);
            tokens.push(KeptToken { session: session.clone(), party, expires, jwt: jwt.clone() });
        }
        Ok(jwt)
    }

    /// The token that was last made for a session and a party, while it may be handed out again.
    pub async fn kept_token(&self, caller: &Caller, session: &SessionId, party: Option<&str>) -> Option<String> {
        let (entry, _) = self.client_of(caller.client.as_ref()?).await.ok()??;
        let now = self.now();
        let tokens = entry.tokens();
        let fits = |kept: &&KeptToken| {
            kept.session == *session && kept.party.as_deref() == party && now.plus(REUSE) < kept.expires
        };
        tokens.iter().find(fits).map(|kept| kept.jwt.clone())
    }

    /// A token from an operator's template, for one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown template; else as [`Self::session_token`].
    pub async fn template_token(
        &self,
        caller: &Caller,
        session: &SessionId,
        party: Option<&str>,
        name: &str,
    ) -> Result<String> {
        let view = self.client_view(caller).await?.ok_or(Error::SignedOut)?;
        let open = view.sessions.iter().find(|s| s.session.id == *session).ok_or(Error::SignedOut)?;
        if open.session.status != Status::Active {
            return Err(Error::SignedOut);
        }
        self.seen().note(session, open.session.last_seen, self.now());
        self.token_by_template(open, party, name, None).await
    }

    /// A template's token, which lives for as many seconds as asked, else as the template says.
    pub(crate) async fn token_by_template(
        &self,
        open: &SessionOf,
        party: Option<&str>,
        name: &str,
        life: Option<i64>,
    ) -> Result<String> {
        let row = self.store().reader().jwt_template_named(name).await?.ok_or(Error::NotFound)?;
        let parsed = template::parse(&row.claims).map_err(|_| Error::Bug("a stored template cannot be read"))?;
        let mut claims = template::render(&parsed, &|part| known(&open.user, part));
        let now = self.now().as_millis() / 1000;
        let times = json!({
            "iat": now, "exp": now.saturating_add(life.unwrap_or(row.lifetime)), "nbf": now.saturating_sub(row.allowed_clock_skew),
            "iss": self.clerk_issuer(), "jti": self.token_id(),
        });
        for (name, value) in times.as_object().into_iter().flatten() {
            claims.insert(name.clone(), value.clone());
        }
        if let Some(party) = party {
            claims.insert("azp".to_owned(), party.into());
        }
        claims.entry("sub").or_insert_with(|| open.user.id.as_str().into());
        match self.template_key(&row)? {
            Some(key) => jwt::sign_shared(&key, &claims).map_err(|_| Error::Bug("claims cannot be written")),
            None => self.sign(Category::Template, &claims).await,
        }
    }

    /// The key of a template that has one of its own.
    pub(crate) fn template_key(&self, row: &JwtTemplateRow) -> Result<Option<Secret<String>>> {
        let Some(sealed) = &row.signing_key else { return Ok(None) };
        let place = Place { table: "housekey_jwt_template", column: "signing_key", row: row.id.as_str() };
        let broken = || Error::Bug("a template's key cannot be opened");
        let plain = self.keyring().open(place, sealed).map_err(|_| broken())?;
        String::from_utf8(plain.expose().clone()).map(|text| Some(Secret::new(text))).map_err(|_| broken())
    }

    /// What a session's token says.
    pub(crate) fn claims(
        &self,
        open: &SessionOf,
        party: Option<&str>,
        signed: Time,
        form: ClaimsForm,
    ) -> SessionClaims {
        let session = &open.session;
        let seconds = |time: Time| time.as_millis() / 1000;
        // Backends refuse a token that is older than the sign-in it is of, and nodes' clocks differ a little.
        let iat = seconds(self.now()).max(seconds(signed));
        let age = |proved: Time| iat.saturating_sub(seconds(proved)).max(0) / 60;
        let guest = session.is_guest();
        let first = if guest { -1 } else { age(session.first_proved) };
        let second = form == ClaimsForm::Second;
        SessionClaims {
            azp: party.map(str::to_owned),
            exp: iat + i64::try_from(LIFE.as_secs()).unwrap_or(60),
            fva: second.then(|| [first, session.second_proved.map_or(-1, age)]),
            iat,
            iss: self.clerk_issuer().to_owned(),
            jti: Some(self.token_id()),
            nbf: iat - i64::try_from(NOT_BEFORE.as_secs()).unwrap_or(10),
            sid: session.id.to_string(),
            sts: second.then(|| session.status.as_str().to_owned()),
            sub: session.user.to_string(),
            v: second.then_some(2),
            more: guest.then(|| ("guest".to_owned(), true.into())).into_iter().collect(),
        }
    }

    /// The session that a token of ours is of, while the token counts.
    pub(crate) async fn session_of_token(&self, token: &str) -> Result<SessionId> {
        let signing = self.signing().await?;
        let kid = jwt::key_id(token).ok().flatten().ok_or(Error::SignedOut)?;
        let key = signing.verifying(&kid).ok_or(Error::SignedOut)?;
        let expected = Expected {
            issuer: Some(self.clerk_issuer().to_owned()),
            authorized_parties: Vec::new(),
            clock_skew: Duration::from_secs(5),
            pending: true,
        };
        let claims = jwt::verify(token, key, &expected, self.now()).map_err(|_| Error::SignedOut)?;
        SessionId::try_from(claims.sid.as_str()).map_err(|_| Error::SignedOut)
    }

    pub(crate) async fn sign(&self, category: Category, claims: &impl serde::Serialize) -> Result<String> {
        let signing = self.signing().await?;
        signing.active().sign(category, claims).map_err(|_| Error::Bug("claims cannot be written"))
    }

    fn token_id(&self) -> String {
        let bytes = entropy::bytes::<10>(self.entropy());
        bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
    }
}

/// What a template may say of a user. The app's own notes for itself are not for others.
fn known(user: &Profile, part: &str) -> Option<Value> {
    let part = part.strip_prefix("user.")?;
    let name = || [user.first_name.as_deref(), user.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let primary = user.emails.iter().find(|e| Some(&e.id) == user.primary_email.as_ref());
    Some(match part {
        "id" => user.id.as_str().into(),
        "external_id" => user.external_id.clone().into(),
        "first_name" => user.first_name.clone().into(),
        "last_name" => user.last_name.clone().into(),
        "full_name" => Some(name().join(" ")).filter(|n| !n.is_empty()).into(),
        "primary_email_address" => primary.map(|e| e.address.clone()).into(),
        "email_verified" => primary.is_some_and(|e| e.verified.is_some()).into(),
        "created_at" => (user.created.as_millis() / 1000).into(),
        "updated_at" => (user.updated.as_millis() / 1000).into(),
        "last_sign_in_at" => user.last_sign_in.map(|t| t.as_millis() / 1000).into(),
        "two_factor_enabled" => user.two_step_since.is_some().into(),
        _ => {
            let (root, path) = part.split_once('.').unwrap_or((part, ""));
            let text = match root {
                "public_metadata" => &user.public_metadata,
                "unsafe_metadata" => &user.unsafe_metadata,
                _ => return None,
            };
            let whole: Value = serde_json::from_str(text).ok()?;
            path.split('.').filter(|p| !p.is_empty()).try_fold(whole, |value, key| value.get(key).cloned())?
        }
    })
}
