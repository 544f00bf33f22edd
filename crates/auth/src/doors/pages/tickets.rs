//! Links with a ticket, which an app's backend made: to sign in, or to sign up with an invited address. Following one uses
//! nothing up, since mail scanners follow links too: the ticket leaves the address bar before anything loads, and waits
//! in a cookie for the button.

use super::{
    page::{self, Told},
    passkey_offer, problem, sign_in,
};
use crate::{
    caller::{Caller, Cookies},
    doors::shared::{Ask, CookieNames},
    error::{Denial, Error},
    flows::{
        sign_in::SignInView,
        sign_up::{SignUpFields, SignUpView},
    },
};
use axum::response::Response;
use bytes::Bytes;
use housekey_core::password::Password;
use http::StatusCode;
use minijinja::context;

/// Takes a ticket out of an address, if there is one in it, and goes on to the page with its button.
pub(super) fn come(ask: &Ask, query: Option<&str>, path: &str) -> Option<Response> {
    page::taken_from_address(ask, query, "__clerk_ticket", &ask.names.ticket, path)
}

pub(super) async fn show_sign_in(mut ask: Ask) -> Response {
    match ask.housekey.sign_in_ticket_shown(&waiting(&ask)).await {
        Ok(address) => match free(&mut ask).await {
            Ok(()) => page::show(ask, "ticket_sign_in.html", "sign-in", serde_json::json!({"email": address})),
            Err(response) => *response,
        },
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn sign_in(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    match redeem(&ask).await {
        Ok((view, cookies)) => {
            let names = ask.names.clone();
            let mut response = sign_in::next(ask, &view, &cookies);
            names.forget(response.headers_mut(), &names.ticket);
            response
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

async fn redeem(ask: &Ask) -> Result<(SignInView, Cookies), Error> {
    let ticket = waiting(ask);
    if ticket.is_empty() {
        return Err(Error::Denied(Denial::TicketInvalid));
    }
    let (caller, begun) = with_client(ask).await?;
    let (view, cookies) = page::parts(ask.housekey.sign_in_ticket(&caller, &ticket).await?);
    Ok((view, or(cookies, begun)))
}

pub(super) async fn show_sign_up(mut ask: Ask) -> Response {
    match ask.housekey.sign_up_invited(&waiting(&ask)).await {
        Ok(address) => match free(&mut ask).await {
            Ok(()) => page::show(ask, "ticket_sign_up.html", "sign-up", serde_json::json!({"email": address})),
            Err(response) => *response,
        },
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn sign_up(mut ask: Ask, body: Bytes) -> Response {
    let mut fields = match ask.form(&body, &["username", "password", "legal_accepted", passkey_offer::KNOWS]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let ticket = waiting(&ask);
    let address = match ask.housekey.sign_up_invited(&ticket).await {
        Ok(address) => address,
        Err(error) => return problem::of(&mut ask, error),
    };
    let legal_accepted = fields.is_ticked("legal_accepted");
    let knows = fields.text(passkey_offer::KNOWS) == "yes";
    let told = match Password::parse(fields.take("password")) {
        Ok(password) => match open(&ask, ticket, password, legal_accepted).await {
            Ok((view, cookies)) if view.done.is_some() => {
                let names = ask.names.clone();
                let mut response = passkey_offer::after_sign_up(ask, &view, knows, &cookies);
                names.forget(response.headers_mut(), &names.ticket);
                return response;
            }
            // More is asked for than this page has: an app's own form asks for it.
            Ok((_, cookies)) => return page::go(&ask, "/sign-up", &cookies),
            Err(error) => Told::of(&mut ask, error, "password"),
        },
        Err(_) => Ok(Told::field(&ask, "password", "password_too_long")),
    };
    match told {
        Ok(told) => {
            let view = serde_json::json!({"email": address});
            page::show_told(ask, "ticket_sign_up.html", "sign-up", view, told)
        }
        Err(response) => *response,
    }
}

async fn open(ask: &Ask, ticket: String, password: Password, legal: bool) -> Result<(SignUpView, Cookies), Error> {
    ask.housekey.sign_up_consent(legal)?;
    let (caller, begun) = with_client(ask).await?;
    let fields = SignUpFields {
        ticket: Some(ticket),
        password: Some(password),
        legal_accepted: legal,
        ..SignUpFields::default()
    };
    let (view, cookies) = page::parts(ask.housekey.sign_up_open(&caller, fields).await?);
    Ok((view, or(cookies, begun)))
}

/// The ticket that waits for its button.
fn waiting(ask: &Ask) -> String {
    CookieNames::read(&ask.headers, &ask.names.ticket).unwrap_or_default()
}

/// A ticket is redeemed on a client; a browser that has none gets one with the same answer.
async fn with_client(ask: &Ask) -> Result<(Caller, Cookies), Error> {
    let (_, cookies) = page::parts(ask.housekey.client_begin(&ask.caller).await?);
    let caller = cookies.client.as_ref().map_or_else(|| ask.caller.again(), |set| ask.caller.with(&set.token));
    Ok((caller, cookies))
}

fn or(cookies: Cookies, begun: Cookies) -> Cookies {
    Cookies { client: cookies.client.or(begun.client), device: cookies.device.or(begun.device) }
}

/// Whoever is signed in here is told so: a link must not swap the account under somebody's hands.
async fn free(ask: &mut Ask) -> Result<(), Box<Response>> {
    match ask.housekey.may_begin(&ask.caller).await {
        Ok(()) => Ok(()),
        Err(Error::Denied(Denial::SessionExists)) => {
            let words = page::words(ask, Denial::SessionExists.code());
            let view = serde_json::json!({"words": words, "onward": null, "way": "/sign-out", "way_words": "sign-out"});
            let (csrf, app) = (ask.csrf(), ask.housekey.settings().name.clone());
            let c = context! { csrf => csrf };
            let title = "problem-signed-in-title";
            Err(Box::new(page::render(ask, "message.html", title, view, c, StatusCode::CONFLICT, None, &app)))
        }
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}
