//! What a browser is sent through: a handshake for an app's backend, a longer life for its cookie, a ticket, the way home.
//! None of it changes who is signed in.

use crate::{
    caller::{Cookies, Outcome},
    doors::clerk::{answer::Answer, directives::Directives, errors, knock::Knock},
    error::Error,
};
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite, time::Duration};
use housekey_core::{redirect::ReturnTo, token::secret_key::Environment};
use http::{HeaderValue, StatusCode, header};
use url::Url;

/// Tells an app's backend who is signed in, by a nonce that it redeems, and sends the browser back.
pub(super) async fn begin(knock: Knock) -> Answer {
    let target = target(&knock, "redirect_url")?;
    let origin = target.origin().ascii_serialization();
    let handover = knock.house.handshake_open(&knock.caller, &origin).await.map_err(|e| knock.refuse(e))?;
    // Where browsers hold cookies, nothing of a session ever stands in an address.
    let production = knock.house.settings().mode().is_production();
    let test = !production && knock.asked("__clerk_db_jwt").is_some();
    let environment = if test { Environment::Test } else { Environment::Live };
    let by_nonce = knock.asked("format") == Some("nonce");
    let name = if by_nonce { "__clerk_handshake_nonce" } else { "__clerk_handshake" };
    let domain = knock.names.shared_domain(target.host_str().unwrap_or_default());
    let writer = Directives::of(&knock.house, environment, target.scheme() == "https");
    let mut directives = writer.handover(&handover);
    if !test {
        directives.push(writer.taken(name, domain.as_deref()));
    }
    let session = handover.signed_in.as_ref().map(|open| &open.session);
    let value = match by_nonce {
        true => knock.house.handshake_keep(session, &directives).await.map(|nonce| nonce.expose().clone()),
        false => knock.house.handshake_sign(&directives).await,
    };
    let value = value.map_err(|e| knock.refuse(e))?;
    if test {
        let mut target = target;
        target.query_pairs_mut().append_pair(name, &value);
        return Ok(away(target.as_str()));
    }
    let mut response = away(target.as_str());
    let cookie = Cookie::build((name, value))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(target.scheme() == "https")
        .max_age(Duration::seconds(30));
    let cookie = match domain {
        Some(domain) => cookie.domain(domain),
        None => cookie,
    };
    if let Ok(value) = HeaderValue::from_str(&cookie.build().to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Gives the client's cookie a longer life, for browsers that forget those set by script, and sends the browser back.
pub(super) async fn touch(knock: Knock) -> Answer {
    let target = target(&knock, "redirect_url")?;
    let view = knock.house.client_view(&knock.caller).await.map_err(|e| knock.refuse(e))?;
    let cookies = match (view, &knock.caller.client) {
        (Some(view), Some(token)) if !view.sessions.is_empty() => {
            let remembered = view.sessions.iter().any(|open| open.session.remembered);
            let set = crate::caller::SetClient {
                token: token.again(),
                until: remembered.then_some(view.expires),
                signed: None,
            };
            Cookies { client: Some(set), device: None }
        }
        _ => Cookies::default(),
    };
    let Outcome { cookies, .. } = Outcome { value: (), cookies };
    Ok(knock.with_cookies(away(target.as_str()), &cookies))
}

/// The way home, checked.
pub(super) async fn redirect(knock: Knock) -> Answer {
    let target = match knock.asked("redirect_url") {
        Some(_) => target(&knock, "redirect_url")?.to_string(),
        None => knock.house.home_address(),
    };
    Ok(away(&target))
}

/// A ticket from a mail. Nothing is redeemed here: it goes on to the page whose form redeems it.
pub(super) async fn ticket(knock: Knock) -> Answer {
    let ticket = knock.asked("ticket").or_else(|| knock.asked("__clerk_ticket"));
    let ticket = ticket.ok_or_else(|| knock.refuse(Error::field("ticket", "missing")))?.to_owned();
    let (page, status) = knock.house.ticket_page(&ticket).await.map_err(|e| knock.refuse(e))?;
    let mut page = page;
    page.query_pairs_mut().append_pair("__clerk_ticket", &ticket).append_pair("__clerk_status", status);
    let mut response = away(page.as_str());
    *response.status_mut() = StatusCode::SEE_OTHER;
    Ok(response)
}

/// A mailed link. Nothing is redeemed here: it goes on to the page whose form redeems it.
pub(super) async fn verify(knock: Knock) -> Answer {
    let token = knock.asked("token").ok_or_else(|| knock.refuse(Error::field("token", "missing")))?;
    let mut response = away(&knock.house.link_to("/link", &[("token", token)]));
    *response.status_mut() = StatusCode::SEE_OTHER;
    Ok(response)
}

/// An address to go to: of ours, of a listed origin, or listed itself.
fn target(knock: &Knock, name: &str) -> Result<Url, Response> {
    let text = knock.asked(name).unwrap_or_default();
    let refused = || {
        let message = "`redirect_url` must be an address of one of this instance's apps: list its origin in \
                       `server.app_origins`.";
        errors::plain(StatusCode::UNPROCESSABLE_ENTITY, "redirect_url_mismatch", message)
    };
    let checked = ReturnTo::parse(text, knock.house.origins()).map_err(|_| refused())?;
    knock.house.public_url().join(checked.as_str()).map_err(|_| refused())
}

fn away(target: &str) -> Response {
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    if let Ok(value) = HeaderValue::from_str(target) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
