//! Light, dark or like the system: a choice that is kept in this browser.

use super::page;
use crate::{
    caller::Cookies,
    doors::shared::{Ask, CookieNames},
};
use axum::response::Response;
use bytes::Bytes;

const YEAR: i64 = 365 * 24 * 3600;

/// What was chosen here, if not the system's.
pub(super) fn chosen(ask: &Ask) -> Option<&'static str> {
    match CookieNames::read(&ask.headers, &ask.names.theme)?.as_str() {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}

pub(super) async fn choose(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["theme", "return_to"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let back = page::return_to(&ask, fields.text("return_to")).filter(|to| !to.is_foreign());
    let theme = fields.text("theme");
    let names = ask.names.clone();
    let mut response = match back {
        Some(back) => page::go_home(ask, Some(&back), &Cookies::default()),
        None => page::go(&ask, "/", &Cookies::default()),
    };
    match theme {
        "light" | "dark" => names.set(response.headers_mut(), &names.theme, theme.to_owned(), Some(YEAR)),
        _ => names.forget(response.headers_mut(), &names.theme),
    }
    response
}
