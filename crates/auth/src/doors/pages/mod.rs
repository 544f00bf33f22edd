//! Our own pages: server-rendered, whole without a script, better with one.

mod account;
mod client_trust;
mod code;
mod dev_mail;
mod dev_pieces;
mod devices;
mod emails;
mod factors;
mod guests;
mod history;
mod home;
mod links;
mod moments;
mod not_me;
mod overrides;
mod page;
mod passkey_offer;
mod passkeys;
mod password;
mod phones;
mod problem;
mod qr;
mod recovery;
mod render;
mod reset;
mod second_factor;
mod second_phones;
mod security;
mod set_up;
mod sign_in;
mod sign_out;
mod sign_up;
mod step_up;
mod strength;
mod theme;
mod tickets;
mod undo;
mod username;
mod waitlist;
mod words;

pub(crate) use problem::not_found;
pub use render::PageFault;
pub(crate) use render::Pages;

use crate::{doors::shared, housekey::Housekey};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use housekey_core::ids::RequestId;
use http::{HeaderValue, StatusCode, header};

impl Housekey {
    /// The pages' routes.
    pub(crate) fn pages(&self) -> Router<Housekey> {
        Router::new()
            .route("/", get(home::show))
            .route("/sign-in", get(sign_in::show).post(sign_in::start))
            .route("/sign-in/passkey", post(passkeys::sign_in))
            .route("/sign-in/passkey/options", post(passkeys::sign_in_options))
            .route("/sign-in/password", get(password::show).post(password::check))
            .route("/sign-in/code", get(code::show_sign_in).post(code::check_sign_in))
            .route("/sign-in/code/send", post(code::send_sign_in))
            .route("/sign-in/device", get(client_trust::show).post(client_trust::check))
            .route("/sign-in/device/send", post(client_trust::send))
            .route("/sign-in/second-factor", get(second_factor::show).post(second_factor::check))
            .route("/sign-in/second-factor/send", post(second_factor::send))
            .route("/sign-in/second-factor/passkey/options", post(passkeys::second_factor_options))
            .route("/sign-in/set-up", get(set_up::show))
            .route("/sign-in/recovery", get(recovery::show).post(recovery::start))
            .route("/sign-in/new-password", get(reset::show_new).post(reset::set_new))
            .route("/sign-in/ticket", get(tickets::show_sign_in).post(tickets::sign_in))
            .route("/forgot-password", get(reset::show).post(reset::start))
            .route("/sign-up", get(sign_up::show).post(sign_up::start))
            .route("/sign-up/code", get(code::show_sign_up).post(code::check_sign_up))
            .route("/sign-up/code/send", post(code::send_sign_up))
            .route("/sign-up/ticket", get(tickets::show_sign_up).post(tickets::sign_up))
            .route("/sign-up/passkey", get(passkey_offer::show).post(passkey_offer::add))
            .route("/waitlist", get(waitlist::show).post(waitlist::join))
            .route("/theme", post(theme::choose))
            .route("/password-strength", post(strength::tell))
            .route("/sign-out", get(sign_out::show).post(sign_out::end))
            .route("/guest", get(guests::show).post(guests::begin))
            .route("/guest/delete", post(guests::delete))
            .route("/account", get(account::show).post(account::save))
            .merge(self.account_pages())
            .route("/step-up", get(step_up::show).post(step_up::prove))
            .route("/step-up/passkey/options", post(passkeys::step_up_options))
            .route("/link", get(links::show).post(links::follow))
            .route("/recovery/cancel", get(recovery::show_cancel).post(recovery::cancel))
            .route("/undo", get(undo::show).post(undo::act))
            .route("/not-me", get(not_me::show).post(not_me::act))
            .route("/dev/mail", get(dev_mail::list))
            .route("/dev/mail/{id}", get(dev_mail::one))
            .route("/dev/mail/{id}/html", get(dev_mail::html))
            .route("/dev/pieces", get(dev_pieces::show))
            .route("/static/{name}", get(asset))
            .method_not_allowed_fallback(problem::method)
            .layer(DefaultBodyLimit::max(shared::MOST_BODY))
    }

    /// The pages of an account that has ways in.
    fn account_pages(&self) -> Router<Housekey> {
        Router::new()
            .route("/account/username", post(username::change))
            .route("/account/emails", get(emails::show).post(emails::add))
            .route("/account/emails/{id}/verify", get(emails::show_verify).post(emails::verify))
            .route("/account/emails/{id}/send", post(emails::send))
            .route("/account/emails/{id}/primary", post(emails::make_primary))
            .route("/account/emails/{id}/remove", post(emails::remove))
            .route("/account/phones", get(phones::show).post(phones::add))
            .route("/account/phones/{id}/verify", get(phones::show_verify).post(phones::verify))
            .route("/account/phones/{id}/send", post(phones::send))
            .route("/account/phones/{id}/primary", post(phones::make_primary))
            .route("/account/phones/{id}/remove", post(phones::remove))
            .route("/account/security", get(security::show).post(security::change))
            .route("/account/security/app", get(factors::show).post(factors::begin))
            .route("/account/security/app/confirm", post(factors::confirm))
            .route("/account/security/app/{id}/remove", post(factors::remove))
            .route("/account/security/passkeys", post(passkeys::add))
            .route("/account/security/passkeys/options", post(passkeys::add_options))
            .route("/account/security/passkeys/after", post(passkeys::after))
            .route("/account/security/passkeys/{id}/rename", post(passkeys::rename))
            .route("/account/security/passkeys/{id}/remove", post(passkeys::remove))
            .route("/account/security/phones/{id}", post(second_phones::choose))
            .route("/account/security/phones/{id}/first", post(second_phones::first))
            .route("/account/security/backup-codes", post(factors::new_codes))
            .route("/account/security/history", get(history::show))
            .route("/account/devices", get(devices::show).post(devices::end))
            .route_layer(middleware::from_fn_with_state(self.clone(), guests::one_page))
    }
}

/// What every answer carries, also one that no handler wrote: our headers, and the number that the log knows it by.
pub(crate) async fn headers(State(housekey): State<Housekey>, mut request: Request, next: Next) -> Response {
    let id = match request.extensions().get::<RequestId>() {
        Some(id) => id.clone(),
        None => {
            let id = RequestId::new(housekey.now(), housekey.entropy());
            request.extensions_mut().insert(id.clone());
            id
        }
    };
    let mut response = next.run(request).await;
    shared::secure(response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

async fn asset(State(housekey): State<Housekey>, Path(name): Path<String>) -> Response {
    let Some(asset) = housekey.0.pages.asset(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = asset.bytes.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if asset.shared {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    if asset.kind == "image/svg+xml" {
        // A picture of the operator's that holds a script runs none, even when it is opened by itself.
        let none = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(none));
    }
    response
}
