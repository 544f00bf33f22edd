//! Passkeys on our pages. The script asks for the options, hands them to the browser, and sends its answer in an ordinary
//! form; without it the forms lead to where the other ways are.

use super::{
    factors,
    page::{self, Told},
    problem, security, sign_in,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    error::{Error, Result},
    flows::passkeys::PasskeyAsked,
};
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use housekey_core::ids::PasskeyId;
use http::{HeaderValue, header};

const HERE: &str = "/account/security";

pub(super) async fn sign_in_options(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    match ask.housekey.passkey_sign_in_begin(&ask.caller).await {
        Ok(outcome) => {
            let (asked, cookies) = page::parts(outcome);
            options(ask, Ok(asked), &cookies)
        }
        Err(error) => options(ask, Err(error), &Cookies::default()),
    }
}

pub(super) async fn second_factor_options(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let asked = ask.housekey.sign_in_second_passkey_begin(&ask.caller).await;
    options(ask, asked, &Cookies::default())
}

pub(super) async fn step_up_options(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let asked = ask.housekey.step_up_passkey_begin(&ask.caller).await;
    options(ask, asked, &Cookies::default())
}

pub(super) async fn add_options(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let asked = ask.housekey.passkey_add_begin(&ask.caller).await;
    options(ask, asked, &Cookies::default())
}

pub(super) async fn sign_in(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["passkey", "remember", "return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    let (answer, remember) = (fields.text("passkey").to_owned(), fields.is_ticked("remember"));
    let return_to = page::return_to(&ask, fields.text("return_to"));
    match ask.housekey.passkey_sign_in(&ask.caller, &answer, remember, return_to.clone()).await {
        Ok(outcome) => {
            let (view, cookies) = page::parts(outcome);
            sign_in::next(ask, &view, &cookies)
        }
        Err(error) => match Told::of(&mut ask, error, "passkey") {
            Ok(told) => sign_in::again(ask, return_to, remember, told),
            Err(response) => *response,
        },
    }
}

pub(super) async fn add(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["name", "passkey"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let (name, answer) = (fields.text("name"), fields.text("passkey"));
    match ask.housekey.passkey_add(&ask.caller, None, name, answer).await {
        Ok(added) if !added.codes.is_empty() => factors::shown_codes(ask, &added.codes),
        Ok(_) => page::go_done(&ask, HERE, "passkey-added", &Cookies::default()),
        Err(error) => security::again(ask, error, "passkey").await,
    }
}

pub(super) async fn rename(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["name"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let done = match PasskeyId::try_from(id.as_str()) {
        Ok(id) => ask.housekey.passkey_rename(&ask.caller, &id, fields.text("name")).await,
        Err(_) => nobodys(&ask).await,
    };
    changed(ask, done, "passkey-renamed").await
}

pub(super) async fn remove(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let done = match PasskeyId::try_from(id.as_str()) {
        Ok(id) => ask.housekey.passkey_remove(&ask.caller, &id).await,
        Err(_) => nobodys(&ask).await,
    };
    changed(ask, done, "passkey-removed").await
}

/// Whether a passkey is asked for after other first factors.
pub(super) async fn after(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["wanted"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let wanted = fields.text("wanted") == "yes";
    match ask.housekey.passkey_after(&ask.caller, wanted).await {
        Ok(codes) if !codes.is_empty() => factors::shown_codes(ask, &codes),
        done => changed(ask, done.map(drop), if wanted { "two-step-on" } else { "two-step-off" }).await,
    }
}

async fn changed(ask: Ask, done: Result<()>, word: &str) -> Response {
    match done {
        Ok(()) => page::go_done(&ask, HERE, word, &Cookies::default()),
        Err(error) => security::again(ask, error, "passkey").await,
    }
}

/// Nobody learns what an id looks like before they are signed in.
async fn nobodys(ask: &Ask) -> Result<()> {
    ask.housekey.account(&ask.caller).await.and(Err(Error::NotFound))
}

/// The options for the script. What is refused is told by the form, which the script then sends as it is.
fn options(mut ask: Ask, asked: Result<PasskeyAsked>, cookies: &Cookies) -> Response {
    let asked = match asked {
        Ok(asked) => asked,
        Err(Error::Invalid(_)) => return problem::of(&mut ask, Error::NotFound),
        Err(error) => return problem::of(&mut ask, error),
    };
    let mut response = asked.options.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ask.names.write(cookies, ask.housekey.now(), response.headers_mut());
    ask.finish(response.headers_mut());
    response
}
