//! The Frontend API's operations, a resource a file.

mod client;
mod environment;
mod handshake;
mod me;
mod me_emails;
mod me_factors;
mod me_passkeys;
mod me_phones;
mod reverify;
mod sessions;
mod sign_ins;
mod sign_ups;
mod waitlist;
mod well_known;

use super::operations::{self, FRONTEND, served};
use crate::housekey::Housekey;
use axum::Router;

served! {
    get "/v1/environment" => environment::show;
    patch "/v1/environment" => environment::show;
    get "/v1/client" => client::show;
    put "/v1/client" => client::begin;
    post "/v1/client" => client::begin;
    delete "/v1/client" => client::sign_out;
    get "/v1/client/touch" => handshake::touch;
    get "/v1/client/handshake" => handshake::begin;
    post "/v1/client/verify" => client::verify;
    post "/v1/client/sign_ins" => sign_ins::create;
    get "/v1/client/sign_ins/{sign_in_id}" => sign_ins::show;
    post "/v1/client/sign_ins/{sign_in_id}/prepare_first_factor" => sign_ins::prepare;
    post "/v1/client/sign_ins/{sign_in_id}/attempt_first_factor" => sign_ins::attempt;
    post "/v1/client/sign_ins/{sign_in_id}/prepare_second_factor" => sign_ins::prepare_second;
    post "/v1/client/sign_ins/{sign_in_id}/attempt_second_factor" => sign_ins::attempt_second;
    post "/v1/client/sign_ins/{sign_in_id}/reset_password" => sign_ins::reset_password;
    patch "/v1/client/sign_ins/{sign_in_id}/protect_check" => sign_ins::protect_check;
    post "/v1/client/sign_ups" => sign_ups::create;
    get "/v1/client/sign_ups/{sign_up_id}" => sign_ups::show;
    patch "/v1/client/sign_ups/{sign_up_id}" => sign_ups::update;
    post "/v1/client/sign_ups/{sign_up_id}/prepare_verification" => sign_ups::prepare;
    post "/v1/client/sign_ups/{sign_up_id}/attempt_verification" => sign_ups::attempt;
    patch "/v1/client/sign_ups/{sign_up_id}/protect_check" => sign_ups::protect_check;
    delete "/v1/client/sessions" => client::sign_out;
    get "/v1/client/sessions/{session_id}" => sessions::show;
    post "/v1/client/sessions/{session_id}/touch" => sessions::touch;
    post "/v1/client/sessions/{session_id}/end" => sessions::end;
    post "/v1/client/sessions/{session_id}/remove" => sessions::remove;
    post "/v1/client/sessions/{session_id}/tokens" => sessions::token;
    post "/v1/client/sessions/{session_id}/tokens/{template_name}" => sessions::template_token;
    post "/v1/client/sessions/{session_id}/verify" => reverify::start;
    post "/v1/client/sessions/{session_id}/verify/prepare_first_factor" => reverify::prepare;
    post "/v1/client/sessions/{session_id}/verify/attempt_first_factor" => reverify::attempt;
    post "/v1/client/sessions/{session_id}/verify/prepare_second_factor" => reverify::prepare_second;
    post "/v1/client/sessions/{session_id}/verify/attempt_second_factor" => reverify::attempt_second;
    get "/v1/me" => me::show;
    patch "/v1/me" => me::update;
    delete "/v1/me" => me::delete;
    patch "/v1/me/metadata" => me::metadata;
    post "/v1/me/profile_image" => me::set_picture;
    delete "/v1/me/profile_image" => me::drop_picture;
    post "/v1/me/change_password" => me::change_password;
    post "/v1/me/remove_password" => me::remove_password;
    get "/v1/me/sessions" => sessions::of_user;
    get "/v1/me/sessions/active" => sessions::active;
    post "/v1/me/sessions/{session_id}/revoke" => sessions::revoke;
    post "/v1/me/totp" => me_factors::create;
    delete "/v1/me/totp" => me_factors::delete;
    post "/v1/me/totp/attempt_verification" => me_factors::attempt;
    post "/v1/me/backup_codes" => me_factors::backup_codes;
    post "/v1/me/passkeys" => me_passkeys::create;
    get "/v1/me/passkeys/{passkey_id}" => me_passkeys::show;
    patch "/v1/me/passkeys/{passkey_id}" => me_passkeys::rename;
    delete "/v1/me/passkeys/{passkey_id}" => me_passkeys::remove;
    post "/v1/me/passkeys/{passkey_id}/attempt_verification" => me_passkeys::attempt;
    get "/v1/me/email_addresses" => me_emails::list;
    post "/v1/me/email_addresses" => me_emails::add;
    get "/v1/me/email_addresses/{email_id}" => me_emails::show;
    delete "/v1/me/email_addresses/{email_id}" => me_emails::remove;
    post "/v1/me/email_addresses/{email_id}/prepare_verification" => me_emails::prepare;
    post "/v1/me/email_addresses/{email_id}/attempt_verification" => me_emails::attempt;
    post "/v1/waitlist" => waitlist::join;
    get "/v1/me/phone_numbers" => me_phones::list;
    post "/v1/me/phone_numbers" => me_phones::add;
    get "/v1/me/phone_numbers/{phone_number_id}" => me_phones::show;
    patch "/v1/me/phone_numbers/{phone_number_id}" => me_phones::update;
    delete "/v1/me/phone_numbers/{phone_number_id}" => me_phones::remove;
    post "/v1/me/phone_numbers/{phone_number_id}/prepare_verification" => me_phones::prepare;
    post "/v1/me/phone_numbers/{phone_number_id}/attempt_verification" => me_phones::attempt;
    get "/v1/redirect" => handshake::redirect;
    get "/v1/tickets/accept" => handshake::ticket;
    get "/v1/verify" => handshake::verify;
    get "/v1/health" => environment::health;
    post "/v1/dev_browser" => client::dev_browser;
    get "/.well-known/jwks.json" => well_known::jwks;
    get "/.well-known/openid-configuration" => well_known::openid;
}

/// All of them, and for what is published and not here a word that it is not built.
pub(super) fn routes() -> Router<Housekey> {
    operations::complete(served(), FRONTEND, SERVED)
}
