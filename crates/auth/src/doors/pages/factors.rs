//! Two-step verification of somebody who is signed in: authenticator apps and backup codes.

use super::{
    page::{self, Told},
    problem, qr, security,
};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    error::Error,
    flows::factors::{TotpAdded, TotpShown},
};
use axum::{extract::Path, response::Response};
use bytes::Bytes;
use housekey_core::ids::TotpId;
use serde_json::json;

const HERE: &str = "/account/security";
const APP: &str = "/account/security/app";

/// Makes a secret, and goes to the page that shows it.
pub(super) async fn begin(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["name"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    match ask.housekey.totp_begin(&ask.caller, fields.text("name")).await {
        Ok(_) => page::go(&ask, APP, &Cookies::default()),
        Err(error) => security::again(ask, error, "name").await,
    }
}

/// The secret that waits for its first code.
pub(super) async fn show(mut ask: Ask) -> Response {
    match ask.housekey.totp_waiting(&ask.caller).await {
        Ok(Some(app)) => shown(ask, &app, Told::default()),
        Ok(None) => page::go(&ask, HERE, &Cookies::default()),
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn confirm(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["code"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    match ask.housekey.totp_confirm(&ask.caller, fields.text("code")).await {
        Ok(TotpAdded { codes, .. }) if codes.is_empty() => page::go_done(&ask, HERE, "app-added", &Cookies::default()),
        Ok(TotpAdded { codes, .. }) => shown_codes(ask, &codes),
        Err(error) => match Told::of(&mut ask, error, "code") {
            Ok(told) => match ask.housekey.totp_waiting(&ask.caller).await {
                Ok(Some(app)) => shown(ask, &app, told),
                Ok(None) => page::go(&ask, HERE, &Cookies::default()),
                Err(error) => problem::of(&mut ask, error),
            },
            Err(response) => *response,
        },
    }
}

pub(super) async fn remove(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let done = match TotpId::try_from(id.as_str()) {
        Ok(id) => ask.housekey.totp_remove(&ask.caller, &id).await,
        // Nobody learns what an id looks like before they are signed in.
        Err(_) => ask.housekey.account(&ask.caller).await.and(Err(Error::NotFound)),
    };
    match done {
        Ok(()) => page::go_done(&ask, HERE, "app-removed", &Cookies::default()),
        Err(error) => security::again(ask, error, "name").await,
    }
}

pub(super) async fn new_codes(mut ask: Ask, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    match ask.housekey.backup_codes_new(&ask.caller).await {
        Ok(codes) => shown_codes(ask, &codes),
        Err(error) => security::again(ask, error, "name").await,
    }
}

fn shown(ask: Ask, app: &TotpShown, told: Told) -> Response {
    let grouped: Vec<String> =
        app.secret.expose().as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    let label = ask.housekey.0.pages.words("app-picture", &[]).unwrap_or_default();
    let view = json!({
        "here": HERE,
        "picture": qr::svg(app.uri.expose(), &label),
        "secret": grouped.join(" "),
        "uri": app.uri.expose(),
    });
    page::show_told(ask, "app.html", "app-title", view, told)
}

/// The one page that shows backup codes. It is made by a POST and kept by nobody: a reload shows none.
pub(super) fn shown_codes(ask: Ask, codes: &[String]) -> Response {
    let name = &ask.housekey.settings().name;
    let text = format!("{name}\n\n{}\n", codes.join("\n"));
    let file: String = percent(&text);
    page::show(ask, "backup_codes.html", "backup-codes-title", json!({"here": HERE, "codes": codes, "file": file}))
}

/// Text as the rest of a `data:` address (RFC 2397).
fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
