//! Leaving an address, where sign-up is by invitation and others may wait.

use super::{
    page::{self, Told},
    problem,
};
use crate::{caller::Cookies, doors::shared::Ask, flows::waitlist::JoinWaitlist};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

#[derive(Default, Serialize)]
struct View {
    email: String,
    shown: String,
    /// Whether the address is on the list now.
    waits: bool,
}

pub(super) async fn show(ask: Ask) -> Response {
    if ask.housekey.waitlist_is_kept().is_err() {
        return page::go(&ask, "/sign-up", &Cookies::default());
    }
    let shown = ask.housekey.form_shown();
    page::show(ask, "waitlist.html", "waitlist-title", View { shown, ..View::default() })
}

pub(super) async fn join(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["email", "website", "shown"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    if let Some(response) = problem::undeclared_proxy(&mut ask) {
        return response;
    }
    if ask.housekey.waitlist_is_kept().is_err() {
        return page::go(&ask, "/sign-up", &Cookies::default());
    }
    let text = |name: &str| fields.text(name).to_owned();
    let view = View { email: text("email"), shown: text("shown"), waits: false };
    let join = JoinWaitlist { email: view.email.clone(), hidden: text("website"), shown: view.shown.clone() };
    match ask.housekey.waitlist_join(&ask.caller, join).await {
        Ok(_) => page::show(ask, "waitlist.html", "waitlist-joined-title", View { waits: true, ..view }),
        Err(error) => match Told::of(&mut ask, error, "email") {
            Ok(told) => page::show_told(ask, "waitlist.html", "waitlist-title", view, told),
            Err(response) => *response,
        },
    }
}
