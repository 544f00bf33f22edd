//! What an instance offers.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    pub auth_config: AuthConfig,
    pub display_config: DisplayConfig,
    pub user_settings: UserSettings,
    pub organization_settings: Value,
    pub fraud_settings: Value,
    pub commerce_settings: Value,
    pub api_keys_settings: Value,
    pub protect_config: Value,
    pub client_debug_mode: bool,
    pub partitioned_cookies: bool,
    pub maintenance_mode: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct AuthConfig {
    pub object: &'static str,
    pub id: String,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email_address: &'static str,
    pub phone_number: &'static str,
    pub username: &'static str,
    pub password: &'static str,
    pub identification_requirements: Vec<Vec<&'static str>>,
    pub identification_strategies: Vec<&'static str>,
    pub first_factors: Vec<&'static str>,
    pub second_factors: Vec<&'static str>,
    pub email_address_verification_strategies: Vec<&'static str>,
    pub single_session_mode: bool,
    pub enhanced_email_deliverability: bool,
    pub test_mode: bool,
    pub cookieless_dev: bool,
    pub url_based_session_syncing: bool,
    pub claimed_at: Option<i64>,
    pub reverification: bool,
    pub native_settings: NativeSettings,
}

#[derive(Clone, Debug, Serialize)]
pub struct NativeSettings {
    pub object: &'static str,
    pub api_enabled: bool,
    pub trusted_device_sign_in_enabled: bool,
    pub trusted_device_enrollment_prompt_after_sign_in_enabled: bool,
    pub trusted_device_enrollment_prompt_after_sign_up_enabled: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct DisplayConfig {
    pub object: &'static str,
    pub id: String,
    pub instance_environment_type: &'static str,
    pub application_name: String,
    pub theme: Value,
    pub preferred_sign_in_strategy: &'static str,
    pub logo_image_url: Option<String>,
    pub favicon_image_url: Option<String>,
    pub home_url: String,
    pub sign_in_url: String,
    pub sign_up_url: String,
    pub user_profile_url: String,
    pub waitlist_url: String,
    pub oauth_consent_url: String,
    pub after_sign_in_url: String,
    pub after_sign_up_url: String,
    pub after_sign_out_one_url: String,
    pub after_sign_out_all_url: String,
    pub after_switch_session_url: String,
    pub after_join_waitlist_url: String,
    pub organization_profile_url: String,
    pub create_organization_url: String,
    pub after_leave_organization_url: String,
    pub after_create_organization_url: String,
    pub logo_link_url: String,
    pub support_email: Option<String>,
    pub branded: bool,
    pub experimental_force_oauth_first: bool,
    pub clerk_js_version: Option<String>,
    pub show_devmode_warning: bool,
    pub google_one_tap_client_id: Option<String>,
    pub help_url: Option<String>,
    pub privacy_policy_url: Option<String>,
    pub terms_url: Option<String>,
    pub logo_url: Option<String>,
    pub favicon_url: Option<String>,
    pub logo_image: Option<Value>,
    pub favicon_image: Option<Value>,
    pub captcha_public_key: Option<String>,
    pub captcha_widget_type: Option<&'static str>,
    pub captcha_public_key_invisible: Option<String>,
    pub captcha_provider: Option<&'static str>,
    pub captcha_oauth_bypass: Vec<&'static str>,
    pub captcha_heartbeat: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct UserSettings {
    pub attributes: BTreeMap<&'static str, Attribute>,
    pub social: BTreeMap<&'static str, Value>,
    pub saml: Value,
    pub enterprise_sso: Value,
    pub sign_in: Value,
    pub sign_up: SignUpSettings,
    pub restrictions: Value,
    pub password_settings: PasswordSettings,
    pub username_settings: Value,
    pub actions: Value,
    pub attack_protection: Value,
    pub passkey_settings: Value,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Attribute {
    pub enabled: bool,
    pub required: bool,
    pub used_for_first_factor: bool,
    pub first_factors: Vec<&'static str>,
    pub used_for_second_factor: bool,
    pub second_factors: Vec<&'static str>,
    pub verifications: Vec<&'static str>,
    pub verify_at_sign_up: bool,
    pub immutable: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct SignUpSettings {
    pub captcha_enabled: bool,
    pub captcha_widget_type: &'static str,
    pub custom_action_required: bool,
    pub progressive: bool,
    pub mode: &'static str,
    pub legal_consent_enabled: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct PasswordSettings {
    pub disable_hibp: bool,
    pub disable_password_reverification: bool,
    pub min_length: u8,
    pub max_length: u16,
    pub require_special_char: bool,
    pub require_numbers: bool,
    pub require_uppercase: bool,
    pub require_lowercase: bool,
    pub show_zxcvbn: bool,
    pub min_zxcvbn_strength: u8,
    pub enforce_hibp_on_sign_in: bool,
    pub allowed_special_characters: &'static str,
}
