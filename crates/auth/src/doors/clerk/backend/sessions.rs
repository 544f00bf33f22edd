//! Sessions: listed, ended, and their tokens. A session that has ended is gone.

use super::{body::wrong, call::Call};
use crate::{
    doors::clerk::{answer::Answer, convert, directives::Directives},
    flows::steward::Paged,
};
use axum::extract::Path;
use housekey_core::ids::{ClientId, SessionId, UserId};
use housekey_wire::backend::{Page, Session};
use serde_json::json;

pub(super) async fn list(call: Call) -> Answer {
    let page = call.query.page().map_err(|f| call.fault(f))?;
    let paginated = call.query.flag("paginated").map_err(|f| call.fault(f))?.unwrap_or(false);
    let (user, client) = (call.query.text("user_id"), call.query.text("client_id"));
    let (user, client) = (user.map(UserId::try_from).transpose(), client.map(ClientId::try_from).transpose());
    let states = ["abandoned", "active", "ended", "expired", "pending", "removed", "replaced", "revoked"];
    let state = call.query.text("status");
    if state.is_some_and(|state| !states.contains(&state)) {
        return Err(call.fault(wrong("status", "is no status of a session")));
    }
    let found = match (user, client) {
        (Ok(user), Ok(client)) => call.house.kept_sessions(&call.by, user.as_ref(), client.as_ref(), page).await,
        // What can be nobody's id is nobody's.
        _ => Ok(Paged { items: Vec::new(), total: 0 }),
    };
    let found = found.map_err(|e| call.refuse(e))?;
    let all = found.items.iter().map(|kept| convert::backend::session(&call.house, kept));
    let data: Vec<Session> = all.filter(|session| state.is_none_or(|state| session.status == state)).collect();
    let total_count = if data.is_empty() && state.is_some() { 0 } else { found.total };
    match paginated {
        true => call.ok(&Page { data, total_count }),
        false => call.ok(&data),
    }
}

pub(super) async fn show(Path(id): Path<String>, call: Call) -> Answer {
    let id: SessionId = call.id(&id)?;
    let found = call.house.kept_session(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&convert::backend::session(&call.house, &found))
}

pub(super) async fn revoke(Path(id): Path<String>, call: Call) -> Answer {
    let id: SessionId = call.id(&id)?;
    let ended = call.house.kept_session_revoke(&call.by, &id).await.map_err(|e| call.refuse(e))?;
    call.ok(&Session { status: "revoked", ..convert::backend::session(&call.house, &ended) })
}

pub(super) async fn token(Path(id): Path<String>, call: Call) -> Answer {
    make_token(&id, None, call).await
}

pub(super) async fn template_token(Path((id, template)): Path<(String, String)>, call: Call) -> Answer {
    make_token(&id, Some(template), call).await
}

async fn make_token(id: &str, template: Option<String>, mut call: Call) -> Answer {
    let id: SessionId = call.id(id)?;
    let body = call.body()?;
    body.only(&["expires_in_seconds"], &[]).map_err(|f| call.fault(f))?;
    let life = body.int("expires_in_seconds").map_err(|f| call.fault(f))?;
    let jwt = call.house.kept_session_token(&call.by, &id, template.as_deref(), life).await;
    let jwt = jwt.map_err(|e| call.refuse(e))?;
    call.ok(&convert::client::token(jwt))
}

/// A new token for a session whose last one has expired, as the token or as the cookies that the app's backend sets.
pub(super) async fn refresh(Path(id): Path<String>, mut call: Call) -> Answer {
    let id: SessionId = call.id(&id)?;
    let body = call.body()?;
    let known = [
        "expired_token",
        "refresh_token",
        "request_origin",
        "request_headers",
        "format",
        "request_originating_ip",
        "suffixed_cookies",
    ];
    body.only(&known, &[]).map_err(|f| call.fault(f))?;
    let text = |name| body.required(name).map_err(|f| call.fault(f));
    let (expired, secret, origin) = (text("expired_token")?, text("refresh_token")?, text("request_origin")?);
    let format = body.text("format").map_err(|f| call.fault(f))?.unwrap_or("token");
    let renewed = call.house.session_refresh(&id, expired, secret, origin).await;
    let (jwt, until) = renewed.map_err(|e| call.refuse(e))?;
    match format {
        "token" => call.ok(&convert::client::token(jwt)),
        "cookie" => {
            let secure = origin.starts_with("https:");
            let cookies = Directives::of(&call.house, call.by.environment(), secure).session(&jwt, until);
            call.ok(&json!({ "object": "cookies", "cookies": cookies }))
        }
        _ => Err(call.fault(wrong("format", "must be token or cookie"))),
    }
}
