//! The front page: what this is, and the way on.

use super::page;
use crate::doors::shared::Ask;
use axum::response::Response;
use http::StatusCode;
use minijinja::context;

pub(super) async fn show(mut ask: Ask) -> Response {
    let who = match page::current(&ask).await {
        Ok(current) => current.map(|c| match c.is_guest() {
            true => ask.housekey.0.pages.words("guest-name", &[]).unwrap_or_default(),
            false => c.email.clone().unwrap_or_else(|| c.user().to_string()),
        }),
        Err(error) => return super::problem::of(&mut ask, error),
    };
    let csrf = ask.csrf();
    let app = ask.housekey.settings().name.clone();
    let c = context! { csrf => csrf, signed_in => who };
    page::render(&ask, "home.html", "home-title", (), c, StatusCode::OK, None, &app)
}
