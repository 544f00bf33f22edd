//! Phones that are second factors: chosen, and which is asked for first.

use super::{factors, page, security};
use crate::{
    caller::Cookies,
    doors::shared::Ask,
    error::{Error, Result},
};
use axum::{extract::Path, response::Response};
use bytes::Bytes;
use housekey_core::ids::PhoneId;

const HERE: &str = "/account/security";

/// Whether a code to a number is asked for after other first factors.
pub(super) async fn choose(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["wanted"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let wanted = fields.text("wanted") == "yes";
    let done = match PhoneId::try_from(id.as_str()) {
        Ok(id) => ask.housekey.phone_second(&ask.caller, &id, wanted).await,
        Err(_) => nobodys(&ask).await.map(|()| Vec::new()),
    };
    match done {
        Ok(codes) if !codes.is_empty() => factors::shown_codes(ask, &codes),
        done => changed(ask, done.map(drop), if wanted { "second-phone-on" } else { "second-phone-off" }).await,
    }
}

/// Of several such numbers, this one is asked for first.
pub(super) async fn first(mut ask: Ask, Path(id): Path<String>, body: Bytes) -> Response {
    if let Err(why) = ask.form(&body, &[]) {
        return page::refused(&mut ask, why);
    }
    let done = match PhoneId::try_from(id.as_str()) {
        Ok(id) => ask.housekey.phone_second_default(&ask.caller, &id).await,
        Err(_) => nobodys(&ask).await,
    };
    changed(ask, done, "second-phone-first").await
}

async fn changed(ask: Ask, done: Result<()>, word: &str) -> Response {
    match done {
        Ok(()) => page::go_done(&ask, HERE, word, &Cookies::default()),
        Err(error) => security::again(ask, error, "phone").await,
    }
}

/// Nobody learns what an id looks like before they are signed in.
async fn nobodys(ask: &Ask) -> Result<()> {
    ask.housekey.account(&ask.caller).await.and(Err(Error::NotFound))
}
