//! How people are told from programs.

use housekey_core::{captcha::Provider, secret::Secret};
use url::Url;

/// What an operator decides about challenges.
#[derive(Default)]
pub struct BotSettings {
    /// Which sign-ups are asked for a challenge.
    pub sign_up: ChallengedSignUps,
    /// Who poses challenges, if not the built-in one.
    pub captcha: Option<Provider>,
    /// By what the provider's widget knows this instance.
    pub site_key: Option<String>,
    /// By what the provider knows this server.
    pub secret_key: Option<Secret<String>>,
    /// Where tokens are checked, if not at the provider's published address.
    pub verify_url: Option<Url>,
}

/// Which sign-ups are asked for a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChallengedSignUps {
    /// Those beyond the figure of their address.
    #[default]
    OnRisk,
    /// All.
    Always,
}

impl BotSettings {
    /// The words of `bot_protection.captcha`.
    pub const CAPTCHAS: [&'static str; 4] = ["built_in", "turnstile", "hcaptcha", "recaptcha"];

    /// The provider of that word; none is the built-in challenge.
    pub fn captcha_of(word: &str) -> Option<Provider> {
        [Provider::Turnstile, Provider::HCaptcha, Provider::ReCaptcha].into_iter().find(|one| one.as_str() == word)
    }

    pub(crate) fn challenges_every_sign_up(&self) -> bool {
        self.sign_up == ChallengedSignUps::Always
    }
}
