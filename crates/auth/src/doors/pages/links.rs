//! Mailed links that prove a mailbox. Following one changes nothing: the token leaves the address at once, and waits in a
//! cookie for the button. In another browser than the one that asked, the page shows a code to type there.

use super::{page, passkey_offer, problem, sign_in};
use crate::{
    caller::Cookies,
    doors::shared::{Ask, CookieNames},
    error::{Denial, Error},
    flows::mailed_links::{LinkPurpose, LinkStands, MailedLinkView},
};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use housekey_core::{ids::SessionId, redirect::ReturnTo};

const HERE: &str = "/link";

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    if let Some(response) = page::taken_from_address(&ask, query.as_deref(), "token", &ask.names.link, HERE) {
        return response;
    }
    match ask.housekey.mailed_link_shown(&ask.caller, &waiting(&ask)).await {
        Ok(MailedLinkView { return_to: Some(to), stands: LinkStands::Elsewhere(_), .. }) => {
            page::go_home(ask, Some(&told(&to, "client_mismatch", None)), &Cookies::default())
        }
        Ok(MailedLinkView { return_to: Some(to), stands: LinkStands::Expired, .. }) => {
            page::go_home(ask, Some(&told(&to, "expired", None)), &Cookies::default())
        }
        Ok(MailedLinkView { stands: LinkStands::Expired, .. }) => problem::of(&mut ask, expired()),
        Ok(MailedLinkView { to, stands: LinkStands::Elsewhere(code), .. }) => {
            let view = serde_json::json!({"to": to, "code": code.expose()});
            page::show(ask, "link_elsewhere.html", "link-elsewhere-title", view)
        }
        Ok(MailedLinkView { to, purpose, stands: LinkStands::Here, .. }) => {
            let view = serde_json::json!({"to": to, "purpose": purpose.as_str()});
            page::show(ask, "link.html", "link-title", view)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn follow(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["purpose", passkey_offer::KNOWS]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let token = waiting(&ask);
    let to = ask.housekey.mailed_link_shown(&ask.caller, &token).await.ok().and_then(|view| view.return_to);
    let purposes = [LinkPurpose::SignIn, LinkPurpose::Reset, LinkPurpose::SignUp, LinkPurpose::VerifyEmail];
    let purpose = purposes.into_iter().find(|purpose| purpose.as_str() == fields.text("purpose"));
    let names = ask.names.clone();
    let mut response = match purpose {
        Some(LinkPurpose::SignIn | LinkPurpose::Reset) => sign_in(ask, &token, to).await,
        Some(LinkPurpose::SignUp) => {
            let knows = fields.text(passkey_offer::KNOWS) == "yes";
            sign_up(ask, &token, to, knows).await
        }
        Some(LinkPurpose::VerifyEmail) => email(ask, &token, to).await,
        _ => problem::of(&mut ask, expired()),
    };
    if response.status().is_success() || response.status().is_redirection() {
        names.forget(response.headers_mut(), &names.link);
    }
    response
}

async fn sign_in(mut ask: Ask, token: &str, to: Option<ReturnTo>) -> Response {
    match ask.housekey.sign_in_follow(&ask.caller, token).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            match to {
                Some(to) => page::go_home(ask, Some(&told(&to, "verified", view.session.as_ref())), &cookies),
                None => sign_in::next(ask, &view, &cookies),
            }
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn sign_up(mut ask: Ask, token: &str, to: Option<ReturnTo>, knows: bool) -> Response {
    match (ask.housekey.sign_up_follow(&ask.caller, token).await, to) {
        (Ok(outcome), Some(to)) => {
            let (view, cookies) = page::parts(outcome);
            let session = view.done.as_ref().map(|(_, session)| session);
            page::go_home(ask, Some(&told(&to, "verified", session)), &cookies)
        }
        (Ok(outcome), None) => {
            let (view, cookies) = page::parts(outcome);
            match view.done {
                Some(_) => passkey_offer::after_sign_up(ask, &view, knows, &cookies),
                // Begun through an app's own form, which asks for the rest.
                None => page::go(&ask, "/sign-up", &cookies),
            }
        }
        (Err(Error::Denied(Denial::SignInContinues)), Some(to)) => {
            page::go_home(ask, Some(&told(&to, "verified", None)), &Cookies::default())
        }
        (Err(error), _) => problem::of(&mut ask, error),
    }
}

async fn email(mut ask: Ask, token: &str, to: Option<ReturnTo>) -> Response {
    match (ask.housekey.email_follow(&ask.caller, token).await, to) {
        (Ok(()), Some(to)) => page::go_home(ask, Some(&told(&to, "verified", None)), &Cookies::default()),
        (Ok(()), None) => page::go_done(&ask, "/account/emails", "email-verified", &Cookies::default()),
        (Err(error), _) => problem::of(&mut ask, error),
    }
}

/// The token that waits for its button.
fn waiting(ask: &Ask) -> String {
    CookieNames::read(&ask.headers, &ask.names.link).unwrap_or_default()
}

/// An app's page, told in its contract's words what became of the link.
fn told(to: &ReturnTo, status: &str, session: Option<&SessionId>) -> ReturnTo {
    match session {
        Some(session) => to.with(&[("__clerk_status", status), ("__clerk_created_session", session.as_str())]),
        None => to.with(&[("__clerk_status", status)]),
    }
}

fn expired() -> Error {
    Error::Denied(Denial::LinkExpired)
}
