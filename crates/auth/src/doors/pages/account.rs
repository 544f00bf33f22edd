//! The profile.

use super::{
    page::{self, Told},
    problem,
    sign_in::asked,
};
use crate::{caller::Cookies, doors::shared::Ask, error::Error, flows::account::AccountView};
use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use serde::Serialize;

#[derive(Serialize)]
struct View {
    here: &'static str,
    first_name: String,
    last_name: String,
    email: String,
    /// The username as it stands in its field; none where there are no usernames here.
    username: Option<String>,
    created: i64,
    user: String,
}

pub(super) async fn show(mut ask: Ask, RawQuery(query): RawQuery) -> Response {
    match ask.housekey.account(&ask.caller).await {
        Ok(account) if account.guest => {
            let view = serde_json::json!({"user": account.user.as_str()});
            page::show(ask, "account_guest.html", "guest-account-title", view)
        }
        Ok(account) => {
            let told = Told::done(&ask, &asked(query.as_deref(), "done"));
            let view = view(&ask, &account);
            page::show_told(ask, "account.html", "profile", view, told)
        }
        Err(error) => problem::of(&mut ask, error),
    }
}

pub(super) async fn save(mut ask: Ask, body: Bytes) -> Response {
    let fields = match ask.form(&body, &["first_name", "last_name"]) {
        Ok(fields) => fields,
        Err(why) => return page::refused(&mut ask, why),
    };
    let (first, last) = (fields.text("first_name").to_owned(), fields.text("last_name").to_owned());
    match ask.housekey.account_set_name(&ask.caller, &first, &last).await {
        Ok(()) => page::go_done(&ask, "/account", "saved", &Cookies::default()),
        Err(error) => match again(&mut ask, error).await {
            Ok((account, told)) => {
                let view = View { first_name: first, last_name: last, ..view(&ask, &account) };
                page::show_told(ask, "account.html", "profile", view, told)
            }
            Err(response) => *response,
        },
    }
}

/// The profile with a username that was refused.
pub(super) async fn refused_username(mut ask: Ask, error: Error, typed: String) -> Response {
    match again(&mut ask, error).await {
        Ok((account, told)) => {
            let view = View { username: Some(typed), ..view(&ask, &account) };
            page::show_told(ask, "account.html", "profile", view, told)
        }
        Err(response) => *response,
    }
}

/// The account once more, with what was refused.
pub(super) async fn again(ask: &mut Ask, error: Error) -> Result<(AccountView, Told), Box<Response>> {
    let told = Told::of(ask, error, "email")?;
    match ask.housekey.account(&ask.caller).await {
        Ok(account) => Ok((account, told)),
        Err(error) => Err(Box::new(problem::of(ask, error))),
    }
}

fn view(ask: &Ask, account: &AccountView) -> View {
    let primary = account.emails.iter().find(|e| e.primary);
    View {
        here: "/account",
        first_name: account.first_name.clone().unwrap_or_default(),
        last_name: account.last_name.clone().unwrap_or_default(),
        email: primary.map(|e| e.address.clone()).unwrap_or_default(),
        username: ask
            .housekey
            .settings()
            .identifiers
            .username
            .is_on()
            .then(|| account.username.clone().unwrap_or_default()),
        created: account.created.as_millis(),
        user: account.user.to_string(),
    }
}
