//! The Backend API's operations, a resource a file. Each needs a secret key; two are public.

mod body;
mod call;
mod clients;
mod email_addresses;
mod factors;
mod invitations;
mod jwks;
mod jwt_templates;
mod lists;
mod phone_numbers;
mod query;
mod redirect_urls;
mod sessions;
mod tickets;
mod user_form;
mod users;
mod waitlist;

use super::operations::{self, BACKEND, served};
use crate::housekey::Housekey;
use axum::Router;

served! {
    get "/jwks" => jwks::show;
    get "/users" => users::list;
    post "/users" => users::create;
    get "/users/count" => users::count;
    post "/users/ban" => users::ban_many;
    post "/users/unban" => users::unban_many;
    get "/users/{user_id}" => users::show;
    patch "/users/{user_id}" => users::update;
    delete "/users/{user_id}" => users::delete;
    post "/users/{user_id}/ban" => users::ban;
    post "/users/{user_id}/unban" => users::unban;
    post "/users/{user_id}/lock" => users::lock;
    post "/users/{user_id}/unlock" => users::unlock;
    patch "/users/{user_id}/metadata" => users::merge_metadata;
    put "/users/{user_id}/metadata" => users::replace_metadata;
    post "/users/{user_id}/profile_image" => users::set_picture;
    delete "/users/{user_id}/profile_image" => users::drop_picture;
    post "/users/{user_id}/verify_password" => users::verify_password;
    post "/users/{user_id}/verify_totp" => factors::verify;
    delete "/users/{user_id}/mfa" => factors::remove_all;
    delete "/users/{user_id}/totp" => factors::remove_apps;
    delete "/users/{user_id}/passkeys/{passkey_identification_id}" => factors::remove_passkey;
    delete "/users/{user_id}/backup_code" => factors::remove_backup_codes;
    post "/users/{user_id}/remove_password" => users::remove_password;
    post "/users/{user_id}/password/set_compromised" => users::set_compromised;
    post "/users/{user_id}/password/unset_compromised" => users::unset_compromised;
    put "/users/{user_id}/email_address" => email_addresses::replace;
    post "/email_addresses" => email_addresses::create;
    get "/email_addresses/{email_address_id}" => email_addresses::show;
    patch "/email_addresses/{email_address_id}" => email_addresses::update;
    delete "/email_addresses/{email_address_id}" => email_addresses::delete;
    post "/phone_numbers" => phone_numbers::create;
    get "/phone_numbers/{phone_number_id}" => phone_numbers::show;
    patch "/phone_numbers/{phone_number_id}" => phone_numbers::update;
    delete "/phone_numbers/{phone_number_id}" => phone_numbers::delete;
    get "/sessions" => sessions::list;
    get "/sessions/{session_id}" => sessions::show;
    post "/sessions/{session_id}/revoke" => sessions::revoke;
    post "/sessions/{session_id}/refresh" => sessions::refresh;
    post "/sessions/{session_id}/tokens" => sessions::token;
    post "/sessions/{session_id}/tokens/{template_name}" => sessions::template_token;
    post "/clients/verify" => clients::verify;
    get "/clients/handshake_payload" => clients::handshake_payload;
    get "/clients/{client_id}" => clients::show;
    post "/sign_in_tokens" => tickets::create;
    post "/sign_in_tokens/{sign_in_token_id}/revoke" => tickets::revoke;
    post "/testing_tokens" => tickets::testing;
    get "/invitations" => invitations::list;
    post "/invitations" => invitations::create;
    post "/invitations/bulk" => invitations::create_many;
    post "/invitations/{invitation_id}/revoke" => invitations::revoke;
    get "/allowlist_identifiers" => lists::allowed;
    post "/allowlist_identifiers" => lists::allow;
    delete "/allowlist_identifiers/{identifier_id}" => lists::allow_no_more;
    get "/blocklist_identifiers" => lists::blocked;
    post "/blocklist_identifiers" => lists::block;
    delete "/blocklist_identifiers/{identifier_id}" => lists::block_no_more;
    get "/waitlist_entries" => waitlist::list;
    post "/waitlist_entries" => waitlist::create;
    post "/waitlist_entries/bulk" => waitlist::create_many;
    delete "/waitlist_entries/{waitlist_entry_id}" => waitlist::delete;
    post "/waitlist_entries/{waitlist_entry_id}/invite" => waitlist::invite;
    post "/waitlist_entries/{waitlist_entry_id}/reject" => waitlist::reject;
    get "/jwt_templates" => jwt_templates::list;
    post "/jwt_templates" => jwt_templates::create;
    get "/jwt_templates/{template_id}" => jwt_templates::show;
    patch "/jwt_templates/{template_id}" => jwt_templates::update;
    delete "/jwt_templates/{template_id}" => jwt_templates::delete;
    get "/redirect_urls" => redirect_urls::list;
    post "/redirect_urls" => redirect_urls::create;
    get "/redirect_urls/{id}" => redirect_urls::show;
    delete "/redirect_urls/{id}" => redirect_urls::delete;
}

/// All of them, and for what is published and not here a word that it is not built.
pub(super) fn routes() -> Router<Housekey> {
    operations::complete(served(), BACKEND, SERVED).fallback(super::errors::not_found)
}
