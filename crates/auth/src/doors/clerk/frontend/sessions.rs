//! Sessions: shown, made the active one, ended, and their tokens.

use crate::{
    caller::{Caller, Cookies, Outcome},
    doors::clerk::{answer::Answer, convert::client as wire, knock::Knock},
    error::Error,
    flows::{
        clients::{ClientView, SessionOf},
        tokens::ClaimsForm,
    },
};
use axum::{extract::Path, response::Response};
use housekey_core::ids::SessionId;
use housekey_wire::frontend::client::{ActiveSession, Session};

pub(super) async fn show(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let session = wire::session(&knock.house, &open);
    knock.wrapped(session).await
}

pub(super) async fn touch(Path(id): Path<String>, knock: Knock) -> Answer {
    let named = named(&knock, &id)?;
    knock.house.session_touch(&knock.caller, &named).await.map_err(|e| knock.refuse(e))?;
    let session = wire::session(&knock.house, &one(&knock, &id).await?);
    knock.wrapped(session).await
}

pub(super) async fn end(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let mut ended = wire::session(&knock.house, &open);
    ended.status = "ended";
    let outcome = knock.house.sign_out(&of(&knock, &open)).await.map_err(|e| knock.refuse(e))?;
    knock.answered(outcome, |(), _| ended).await
}

pub(super) async fn remove(Path(id): Path<String>, knock: Knock) -> Answer {
    let open = one(&knock, &id).await?;
    let mut removed = wire::session(&knock.house, &open);
    removed.status = "removed";
    let outcome = knock.house.session_remove(&of(&knock, &open)).await.map_err(|e| knock.refuse(e))?;
    knock.answered(outcome, |(), _| removed).await
}

/// The caller, in that session.
fn of(knock: &Knock, open: &SessionOf) -> Caller {
    Caller { session: Some(open.session.id.clone()), ..knock.caller.again() }
}

pub(super) async fn token(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let form = form(&knock);
    match knock.house.session_token(&knock.caller, &id, knock.origin.as_deref(), form).await {
        Ok(jwt) => Ok(knock.bare(&wire::token(jwt))),
        Err(error) => Err(knock.refuse(error)),
    }
}

pub(super) async fn template_token(Path((id, template)): Path<(String, String)>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    match knock.house.template_token(&knock.caller, &id, knock.origin.as_deref(), &template).await {
        Ok(jwt) => Ok(knock.bare(&wire::token(jwt))),
        Err(error) => Err(knock.refuse(error)),
    }
}

/// Everywhere the user is signed in, as the contract's components list it: bare, with what each was begun with.
pub(super) async fn active(knock: Knock) -> Answer {
    let views = knock.house.session_list(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let listed: Vec<ActiveSession> = views
        .iter()
        .map(|view| ActiveSession {
            session: Session { status: "active", ..wire::bare(&knock.house, &view.session, view.last_seen) },
            latest_activity: wire::activity(view),
        })
        .collect();
    Ok(knock.bare(&listed))
}

pub(super) async fn of_user(knock: Knock) -> Answer {
    let views = knock.house.session_list(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let listed: Vec<Session> =
        views.iter().map(|view| wire::bare(&knock.house, &view.session, view.last_seen)).collect();
    Ok(knock.bare(&listed))
}

pub(super) async fn revoke(Path(id): Path<String>, knock: Knock) -> Answer {
    let id = named(&knock, &id)?;
    let views = knock.house.session_list(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let view = views.iter().find(|view| view.id == id).ok_or_else(|| knock.refuse(Error::NotFound))?;
    let mut revoked = wire::bare(&knock.house, &view.session, view.last_seen);
    knock.house.session_revoke(&knock.caller, &id).await.map_err(|e| knock.refuse(e))?;
    revoked.status = "revoked";
    knock.answered(Outcome { value: (), cookies: Cookies::default() }, |(), _| revoked).await
}

/// A session on the caller's client.
pub(super) async fn one(knock: &Knock, id: &str) -> Result<SessionOf, Response> {
    let id = named(knock, id)?;
    let view = knock.house.client_view(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let found = |view: ClientView| view.sessions.into_iter().find(|open| open.session.id == id);
    view.and_then(found).ok_or_else(|| knock.refuse(Error::NotFound))
}

fn named(knock: &Knock, id: &str) -> Result<SessionId, Response> {
    SessionId::try_from(id).map_err(|_| knock.refuse(Error::NotFound))
}

/// Old SDKs name a version from before the second form of claims.
fn form(knock: &Knock) -> ClaimsForm {
    let old = knock.asked("__clerk_api_version").is_some_and(|version| version.len() == 10 && version < "2025-04-10");
    if old { ClaimsForm::First } else { ClaimsForm::Second }
}
