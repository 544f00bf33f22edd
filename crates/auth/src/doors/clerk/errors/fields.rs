//! What is wrong with a field.

use super::error;
use crate::error::Fault;
use housekey_wire::errors as wire;
use serde_json::{Value, json};

/// A field's fault.
pub(super) fn field(fault: Fault) -> wire::Error {
    let name = match fault.field {
        "email" => "email_address",
        "passkey" => "public_key_credential",
        "phone" => "phone_number",
        other => other,
    };
    let param = json!({ "param_name": name });
    let (code, message, meta) = match fault.code {
        "password_too_short" => ("form_password_length_too_short", "Passwords must be longer than this.", param),
        "password_too_long" => ("form_password_length_too_long", "Passwords have at most 256 characters.", param),
        "password_common" | "password_too_weak" => (
            "form_password_not_strong_enough",
            "This password is too easy to guess. A few uncommon words work well.",
            json!({ "param_name": name, "zxcvbn": { "suggestions": suggestions(&fault.advice) } }),
        ),
        "password_breached" => (
            "form_password_pwned",
            "This password was found in a data breach elsewhere. For the account's safety, choose another.",
            param,
        ),
        "password_about_you" => {
            ("form_password_validation_failed", "This password is made of words about you. Choose other words.", param)
        }
        "captcha_missing" => ("captcha_missing_token", "The security check was not answered. Try again.", param),
        "captcha_incorrect" => ("captcha_invalid", "The security check counts no more. Try again.", param),
        "proof_incorrect" => ("form_param_value_invalid", "The security check was not solved. Try again.", param),
        "proof_used" => ("protect_check_already_resolved", "The security check was answered already.", param),
        "code_malformed" => ("form_code_incorrect", "A code has six digits.", param),
        "totp_malformed" => ("form_code_incorrect", "A code has six digits.", param),
        "backup_code_malformed" => ("form_code_incorrect", "A backup code has sixteen letters and digits.", param),
        "totp_shown_too_long" => {
            ("verification_expired", "The secret was shown too long ago, or never. Begin again.", param)
        }
        "totp_secret_malformed" => {
            ("form_param_format_invalid", "This is no secret of 80 to 512 bits in Base32.", param)
        }
        "totp_not_enabled" => ("totp_not_enabled", "This user has no authenticator app.", param),
        "totp_already_enabled" => ("totp_already_enabled", "There is an authenticator app already.", param),
        "backup_codes_without_app" => ("backup_codes_not_available", "Backup codes need two-step verification.", param),
        "passkey_malformed" => ("form_param_format_invalid", "This is no answer of a passkey.", param),
        "passkey_missing" => ("form_param_value_invalid", "There is no passkey to ask for.", param),
        "too_many_passkeys" => ("form_param_value_invalid", "This account has as many passkeys as it may have.", param),
        "strategy_not_offered" => ("strategy_for_user_invalid", "This way is not offered here.", param),
        "email_already_added" | "email_of_another_account" => {
            ("form_identifier_exists", "This e-mail address is taken. Try another.", param)
        }
        "email_disposable" => {
            ("form_email_address_blocked", "Addresses of throw-away mailboxes are not taken here.", param)
        }
        "email_subaddress" => ("form_email_address_blocked", "Addresses with a tag are not taken here.", param),
        "username_length" => {
            ("form_username_invalid_length", "Username must be between 4 and 64 characters long.", param)
        }
        "username_character" => (
            "form_username_invalid_character",
            "Username can only contain letters, digits, underscores (_) and hyphens (-).",
            param,
        ),
        "username_no_letter" => {
            ("form_username_needs_non_number_char", "Username must contain at least one letter.", param)
        }
        "username_taken" => ("form_identifier_exists", "That username is taken. Please try another.", param),
        "phone_malformed" | "phone_kind" => (
            "form_param_format_invalid",
            "This is no phone number that takes messages. Write it as +4915123456789.",
            param,
        ),
        "phone_country" => {
            ("unsupported_country_code", "Messages are not sent to phone numbers of this country.", param)
        }
        "phone_already_added" | "phone_of_another_account" => {
            ("form_identifier_exists", "This phone number is taken. Try another.", param)
        }
        "phone_already_verified" => ("verification_already_verified", "This phone number is verified already.", param),
        "second_phone_off" => ("form_param_value_invalid", "Phones are no second factors on this instance.", param),
        "phone_not_second_factor" => ("form_param_value_invalid", "This phone number is no second factor.", param),
        "phone_not_verified" => ("form_param_value_invalid", "This phone number is not verified yet.", param),
        "phone_off" => ("form_param_unknown", "This instance has no phone numbers.", param),
        "username_off" => ("form_param_unknown", "This instance has no usernames.", param),
        "email_already_verified" => ("verification_already_verified", "This address is verified already.", param),
        "email_not_verified" => ("form_param_value_invalid", "This address is not verified yet.", param),
        "email_missing" | "username_missing" | "phone_missing" | "missing" => {
            ("form_param_missing", "This is missing.", param)
        }
        "metadata_too_large" => ("form_param_value_too_large", "Metadata has at most 8 KiB.", param),
        "metadata_not_an_object" => ("form_param_value_invalid", "Metadata must be a JSON object.", param),
        "name_too_long" => ("form_param_max_length_exceeded", "This is too long.", param),
        "picture_too_large" => ("image_too_large", "Pictures have at most 5 MiB and 4,096 by 4,096 points.", param),
        "picture_unreadable" => ("image_type_not_supported", "A picture is a PNG, JPEG or WebP.", param),
        "external_id_taken" => ("form_identifier_exists", "Another user has this external id.", param),
        "invitation_pending" => ("duplicate_record", "An invitation to this address is pending.", param),
        "waitlist_not_pending" => ("waitlist_entry_not_pending", "This entry does not wait any more.", param),
        "invitation_not_pending" => ("invitation_not_pending", "This invitation is not pending any more.", param),
        "ticket_not_pending" => ("sign_in_token_cannot_be_revoked", "This ticket was used or revoked.", param),
        "redirect_url_not_listed" => (
            "form_param_value_invalid",
            "This leads to no origin of `server.app_origins`, and is not a listed redirect URL.",
            param,
        ),
        "hasher_unknown" => ("form_password_digest_invalid", "There is no such password hasher.", param),
        "digest_malformed" => {
            ("form_password_digest_invalid", "The digest is not of the form that its hasher writes.", param)
        }
        "digest_too_costly" => {
            ("form_password_digest_invalid", "Checking this digest would cost more than one sign-in may.", param)
        }
        "password_missing" => ("form_param_value_invalid", "This user has no password.", param),
        "test_mode_off" => ("test_mode_disabled", "Test mode is off on this instance.", param),
        "template_name_taken" => ("duplicate_record", "Another template has this name.", param),
        "template_unreadable" => (
            "form_param_value_invalid",
            "Claims are a JSON object, without those that every token has, whose shortcodes stand for something.",
            param,
        ),
        "key_too_short" => ("form_param_value_invalid", "A shared key has at least 32 bytes.", param),
        "out_of_range" => ("form_param_value_invalid", "This is out of range.", param),
        "too_many_values" => ("form_param_value_invalid", "These are too many values.", param),
        "too_long" => ("form_param_value_too_large", "This is too long.", param),
        "user_unknown" => ("form_param_value_invalid", "There is no such user.", param),
        "order_unknown" => ("form_param_value_invalid", "Users cannot be ordered by this.", param),
        "cursor_out_of_place" => {
            ("form_param_value_invalid", "A cursor goes with the order by creation alone, and without offset.", param)
        }
        "identifier_not_found" => ("form_identifier_not_found", "There is no account with this address.", param),
        _ => ("form_param_format_invalid", "This is not written as it must be.", param),
    };
    error(code, message, message, meta)
}

/// Clerk's names for what would make a password better.
fn suggestions(advice: &[&'static str]) -> Vec<Value> {
    let code = |key: &str| match key {
        "password_use_words" => "useWords",
        "password_no_need_for_symbols" => "noNeed",
        "password_add_words" => "anotherWord",
        "password_capitals_help_little" => "capitalization",
        "password_reversed_helps_little" => "reverseWords",
        "password_substitutions_help_little" => "l33t",
        "password_longer_pattern" => "longerKeyboardPattern",
        "password_avoid_repeats" => "repeated",
        "password_avoid_sequences" => "sequences",
        _ => "dates",
    };
    advice.iter().map(|key| json!({ "code": code(key), "message": "" })).collect()
}
