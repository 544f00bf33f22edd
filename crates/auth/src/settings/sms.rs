//! How messages reach phones, and how much that may cost.

use housekey_core::{identifier::phone::Country, secret::Secret};
use url::Url;

/// Everything an operator decides about messages to phones; off at first.
pub struct SmsSettings {
    /// Who takes messages.
    pub gateway: Gateway,
    /// Where it is asked.
    pub url: Option<Url>,
    /// Lines of `Name: value`; they hold credentials.
    pub headers: Vec<Secret<String>>,
    /// The body's template.
    pub body: Option<String>,
    /// The body's form.
    pub form: BodyForm,
    /// The account at Twilio.
    pub account: Option<String>,
    /// Its token.
    pub token: Option<Secret<String>>,
    /// The number or the messaging service that messages come from.
    pub from: Option<String>,
    /// The countries that messages go to; the first one's way of writing numbers is known.
    pub countries: Vec<Country>,
    /// How many messages a day all of the instance may send.
    pub per_day: u32,
}

/// Who takes messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gateway {
    /// Nobody.
    #[default]
    Off,
    /// The page beside caught mail.
    Development,
    /// An address of the operator's.
    Http,
    /// Twilio, or what is compatible with it.
    Twilio,
}

/// The form of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// JSON.
    #[default]
    Json,
    /// What HTML forms send.
    Form,
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self {
            gateway: Gateway::Off,
            url: None,
            headers: Vec::new(),
            body: None,
            form: BodyForm::Json,
            account: None,
            token: None,
            from: None,
            countries: Vec::new(),
            per_day: 500,
        }
    }
}

impl SmsSettings {
    /// The body's template, or the one of its form.
    pub fn body(&self) -> &str {
        match (&self.body, self.form) {
            (Some(body), _) => body,
            (None, BodyForm::Json) => r#"{"to": {{ to }}, "text": {{ text }}}"#,
            (None, BodyForm::Form) => "to={{ to }}&text={{ text }}",
        }
    }
}

impl Gateway {
    /// The words of the settings.
    pub const WORDS: [&'static str; 4] = ["off", "development", "http", "twilio"];

    /// The word of the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Development => "development",
            Self::Http => "http",
            Self::Twilio => "twilio",
        }
    }

    /// The gateway of that word.
    pub fn of(word: &str) -> Self {
        match word {
            "development" => Self::Development,
            "http" => Self::Http,
            "twilio" => Self::Twilio,
            _ => Self::Off,
        }
    }
}
