//! What this instance offers.

use super::mailed;
use crate::{
    housekey::Housekey,
    settings::{Enumeration, IdentifierSettings, SignUpMode, Use},
};
use housekey_wire::frontend::environment::{
    Attribute, AuthConfig, DisplayConfig, Environment, NativeSettings, PasswordSettings, SignUpSettings, UserSettings,
};
use serde_json::json;
use std::collections::BTreeMap;

/// All of it.
pub(crate) fn environment(house: &Housekey) -> Environment {
    Environment {
        auth_config: auth_config(house),
        display_config: display_config(house),
        user_settings: user_settings(house),
        organization_settings: json!({
            "enabled": false, "max_allowed_memberships": 0, "actions": { "admin_delete": false },
            "domains": { "enabled": false, "enrollment_modes": [], "default_role": "" },
            "slug": { "disabled": true }, "creator_role": "",
        }),
        fraud_settings: json!({ "object": "fraud_settings", "native": { "device_attestation_mode": "disabled" } }),
        commerce_settings: json!({ "billing": {
            "stripe_publishable_key": null, "free_trial_requires_payment_method": false,
            "user": { "enabled": false, "has_paid_plans": false },
            "organization": { "enabled": false, "has_paid_plans": false },
        }}),
        api_keys_settings: json!({ "enabled": false, "user_api_keys_enabled": false, "orgs_api_keys_enabled": false }),
        protect_config: json!({ "loaders": [] }),
        client_debug_mode: false,
        partitioned_cookies: false,
        maintenance_mode: false,
    }
}

/// What people are named by at sign-in.
pub(crate) fn identifiers(house: &Housekey) -> Vec<&'static str> {
    let named = house.settings().identifiers;
    let phone = named.phone.is_on().then_some("phone_number");
    let username = named.username.is_on().then_some("username");
    ["email_address"].into_iter().chain(phone).chain(username).collect()
}

/// What everybody is named by.
fn required_to_be_named(named: IdentifierSettings) -> Vec<Vec<&'static str>> {
    let all = [("email_address", named.email), ("phone_number", named.phone), ("username", named.username)];
    all.into_iter().filter(|(_, used)| *used == Use::Required).map(|(name, _)| vec![name]).collect()
}

fn first_factors(house: &Housekey) -> Vec<&'static str> {
    let named = house.settings().identifiers;
    let texted = ["phone_code", "reset_password_phone_code"];
    let texted = texted.into_iter().filter(|_| named.phone.is_on());
    let passkey = house.has_passkeys().then_some("passkey");
    let always = [vec!["password"], mailed(house), vec!["reset_password_email_code", "ticket"]].concat();
    always.into_iter().chain(texted).chain(passkey).collect()
}

fn auth_config(house: &Housekey) -> AuthConfig {
    let settings = house.settings();
    let named = settings.identifiers;
    AuthConfig {
        object: "auth_config",
        id: house.stand_in_id("aconf_", &["auth_config"]),
        first_name: "on",
        last_name: "on",
        email_address: named.email.published(),
        phone_number: named.phone.published(),
        username: named.username.published(),
        password: "required",
        identification_requirements: required_to_be_named(named),
        identification_strategies: identifiers(house),
        first_factors: first_factors(house),
        second_factors: second_factors(house),
        email_address_verification_strategies: mailed(house),
        single_session_mode: !settings.sessions.multi_session,
        enhanced_email_deliverability: false,
        test_mode: settings.test_mode(),
        cookieless_dev: false,
        url_based_session_syncing: false,
        claimed_at: None,
        reverification: true,
        native_settings: NativeSettings {
            object: "native_settings",
            api_enabled: settings.clerk.native_api,
            trusted_device_sign_in_enabled: false,
            trusted_device_enrollment_prompt_after_sign_in_enabled: false,
            trusted_device_enrollment_prompt_after_sign_up_enabled: false,
        },
    }
}

fn display_config(house: &Housekey) -> DisplayConfig {
    let clerk = &house.settings().clerk;
    let text = |url: &url::Url| url.to_string();
    let home = clerk.home_url.as_ref().map(text).unwrap_or_else(|| {
        let first = house.settings().app_origins.first().map(|origin| format!("{origin}/"));
        first.unwrap_or_else(|| house.address_of("/"))
    });
    let sign_in = clerk.sign_in_url.as_ref().map(text).unwrap_or_else(|| house.address_of("/sign-in"));
    let sign_up = clerk.sign_up_url.as_ref().map(text).unwrap_or_else(|| house.address_of("/sign-up"));
    let logo = house.logo_address();
    let captcha = site_key(house);
    DisplayConfig {
        object: "display_config",
        id: house.stand_in_id("display_config_", &["display_config"]),
        instance_environment_type: "production",
        application_name: house.settings().name.clone(),
        theme: theme(house),
        preferred_sign_in_strategy: "password",
        logo_image_url: logo.clone(),
        favicon_image_url: None,
        sign_in_url: sign_in,
        sign_up_url: sign_up,
        user_profile_url: house.address_of("/account"),
        waitlist_url: house.address_of("/waitlist"),
        oauth_consent_url: house.address_of("/"),
        after_sign_in_url: home.clone(),
        after_sign_up_url: home.clone(),
        after_sign_out_one_url: home.clone(),
        after_sign_out_all_url: home.clone(),
        after_switch_session_url: home.clone(),
        after_join_waitlist_url: home.clone(),
        organization_profile_url: home.clone(),
        create_organization_url: home.clone(),
        after_leave_organization_url: home.clone(),
        after_create_organization_url: home.clone(),
        logo_link_url: home.clone(),
        home_url: home,
        support_email: None,
        branded: false,
        experimental_force_oauth_first: false,
        clerk_js_version: None,
        show_devmode_warning: false,
        google_one_tap_client_id: None,
        help_url: None,
        privacy_policy_url: clerk.privacy_url.as_ref().map(text),
        terms_url: clerk.terms_url.as_ref().map(text),
        logo_url: logo,
        favicon_url: None,
        logo_image: None,
        favicon_image: None,
        captcha_public_key: captcha.clone(),
        captcha_widget_type: captcha.as_ref().map(|_| "smart"),
        captcha_public_key_invisible: captcha.clone(),
        captcha_provider: captcha.as_ref().map(|_| "turnstile"),
        captcha_oauth_bypass: Vec::new(),
        captcha_heartbeat: false,
    }
}

/// By what the widget that components show knows this instance, where they are to show one.
fn site_key(house: &Housekey) -> Option<String> {
    house.captcha_widget().filter(|(provider, _)| provider.is_in_components()).map(|(_, key)| key.to_owned())
}

fn theme(house: &Housekey) -> serde_json::Value {
    let accent = house.settings().accent.to_string();
    json!({
        "buttons": { "font_color": "#ffffff", "font_family": "system-ui", "font_weight": "600" },
        "general": {
            "color": accent, "padding": "1em", "box_shadow": "0 2px 8px rgba(0, 0, 0, 0.2)", "font_color": "#151515",
            "font_family": "system-ui", "border_radius": "0.5em", "background_color": "#ffffff",
            "label_font_weight": "600",
        },
        "accounts": { "background_color": "#ffffff" },
    })
}

fn user_settings(house: &Housekey) -> UserSettings {
    let settings = house.settings();
    let on = json!({ "enabled": true });
    let off = json!({ "enabled": false });
    UserSettings {
        attributes: attributes(house),
        social: BTreeMap::new(),
        saml: off.clone(),
        enterprise_sso: json!({ "enabled": false, "self_serve_sso": false }),
        sign_in: json!({ "second_factor": { "required": settings.two_step.required } }),
        sign_up: SignUpSettings {
            captcha_enabled: site_key(house).is_some(),
            captcha_widget_type: "smart",
            custom_action_required: false,
            progressive: true,
            mode: match settings.sign_up.mode {
                SignUpMode::Open | SignUpMode::Restricted => "public",
                SignUpMode::InvitationOnly => "restricted",
                SignUpMode::Waitlist => "waitlist",
            },
            legal_consent_enabled: settings.legal_consent,
        },
        restrictions: json!({
            "allowlist": { "enabled": settings.sign_up.mode == SignUpMode::Restricted }, "blocklist": on.clone(),
            "allowlist_blocklist_disabled_on_sign_in": on, "block_email_subaddresses": { "enabled": settings.sign_up.block_subaddresses },
            "block_disposable_email_domains": { "enabled": settings.sign_up.block_disposable },
        }),
        password_settings: PasswordSettings {
            disable_hibp: !settings.breach.is_on(),
            disable_password_reverification: false,
            min_length: settings.password.min_length,
            max_length: 256,
            require_special_char: false,
            require_numbers: false,
            require_uppercase: false,
            require_lowercase: false,
            show_zxcvbn: true,
            min_zxcvbn_strength: settings.password.min_score,
            enforce_hibp_on_sign_in: false,
            allowed_special_characters: "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        },
        username_settings: json!({
            "min_length": 4, "max_length": 64, "allow_extended_special_characters": false,
            "allow_numeric_usernames": false,
        }),
        actions: json!({ "delete_self": true, "create_organization": false, "create_organizations_limit": null }),
        attack_protection: json!({
            "user_lockout": { "enabled": true, "max_attempts": 100, "duration_in_minutes": 60 },
            "pii": { "enabled": true }, "email_link": { "require_same_client": true },
            "enumeration_protection": { "enabled": settings.clerk.enumeration == Enumeration::Strict },
        }),
        passkey_settings: json!({
            "allow_autofill": house.has_passkeys(), "show_sign_in_button": house.has_passkeys(),
            "satisfies_second_factor": true,
        }),
    }
}

fn second_factors(house: &Housekey) -> Vec<&'static str> {
    let phone = house.offers_second_phones().then_some("phone_code");
    ["totp"].into_iter().chain(phone).chain(["backup_code"]).collect()
}

fn attributes(house: &Housekey) -> BTreeMap<&'static str, Attribute> {
    let named = house.settings().identifiers;
    let used = Attribute { enabled: true, ..Attribute::default() };
    let email = Attribute {
        required: named.email == Use::Required,
        used_for_first_factor: true,
        first_factors: mailed(house),
        verifications: mailed(house),
        verify_at_sign_up: true,
        ..used.clone()
    };
    let passkey = match house.has_passkeys() {
        true => Attribute {
            used_for_first_factor: true,
            first_factors: vec!["passkey"],
            verifications: vec!["passkey"],
            ..used.clone()
        },
        false => Attribute::default(),
    };
    let username = Attribute {
        enabled: named.username.is_on(),
        required: named.username == Use::Required,
        used_for_first_factor: named.username.is_on(),
        ..Attribute::default()
    };
    let texted = |name| named.phone.is_on().then_some(name).into_iter().collect::<Vec<_>>();
    let phone = Attribute {
        enabled: named.phone.is_on(),
        required: named.phone == Use::Required,
        used_for_first_factor: named.phone.is_on(),
        first_factors: texted("phone_code"),
        used_for_second_factor: house.offers_second_phones(),
        second_factors: house.offers_second_phones().then_some("phone_code").into_iter().collect(),
        verifications: texted("phone_code"),
        verify_at_sign_up: named.phone.is_on(),
        ..Attribute::default()
    };
    let mut all: BTreeMap<&'static str, Attribute> = BTreeMap::from([("web3_wallet", Attribute::default())]);
    let second = |name| Attribute { used_for_second_factor: true, second_factors: vec![name], ..used.clone() };
    all.extend([
        ("authenticator_app", Attribute { verifications: vec!["totp"], ..second("totp") }),
        ("backup_code", second("backup_code")),
        ("email_address", email),
        ("passkey", passkey),
        ("username", username),
        ("phone_number", phone),
        ("password", Attribute { required: true, ..used.clone() }),
        ("first_name", used.clone()),
        ("last_name", used.clone()),
        ("ticket", used),
    ]);
    all
}
