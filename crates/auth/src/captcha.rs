//! Providers of challenges: asking one what a token is worth, and knowing when it cannot say.

use crate::{
    builder::BuildFault,
    outbound::{Outbound, OutboundFault},
    settings::{BotSettings, is_here},
    world::World,
};
use futures_util::future::BoxFuture;
use housekey_core::{
    captcha::{Provider, Told},
    secret::Secret,
    time::Time,
};
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use url::{Url, form_urlencoded};

/// Somebody waits in front of a form for the answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// An answer is some hundred bytes long.
const LARGEST: usize = 16 * 1024;
/// How long a provider that did not answer is not asked again.
const DOWN_FOR: Duration = Duration::from_secs(30);
/// How often it is told that one does not answer.
const TOLD_EACH: Duration = Duration::from_secs(60);

/// Says what a token is worth. The one of the settings asks their provider.
pub trait CaptchaVerifier: Send + Sync {
    /// Looks a token up.
    fn look_up<'a>(&'a self, token: &'a Secret<String>) -> BoxFuture<'a, Result<Told, CaptchaDown>>;
}

/// Why a provider's answer says nothing of a token. The names stand in the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptchaDown {
    /// There was none.
    Outbound(OutboundFault),
    /// It was a fault of the provider's.
    Status(u16),
    /// It was none of the published form, or too long.
    Garbage,
    /// The provider does not take this instance's secret key.
    Key,
    /// The provider says that it cannot say.
    Internal,
}

impl CaptchaDown {
    /// What the audit trail keeps of it.
    pub fn detail(self) -> serde_json::Value {
        match self {
            Self::Outbound(fault) => json!({ "why": fault.code() }),
            Self::Status(status) => json!({ "why": "status", "status": status }),
            Self::Garbage => json!({ "why": "garbage" }),
            Self::Key => json!({ "why": "secret_key" }),
            Self::Internal => json!({ "why": "internal" }),
        }
    }
}

/// The provider of an instance, and whether it answers.
pub(crate) struct Captcha {
    pub provider: Provider,
    pub site_key: String,
    verifier: Arc<dyn CaptchaVerifier>,
    down_until: AtomicI64,
    told: AtomicI64,
}

impl Captcha {
    /// The one of the settings, asked by whom the world has for that.
    pub fn of(settings: &BotSettings, world: &World) -> Option<Self> {
        Some(Self {
            provider: settings.captcha?,
            site_key: settings.site_key.clone()?,
            verifier: world.captcha.clone()?,
            down_until: AtomicI64::new(0),
            told: AtomicI64::new(i64::MIN),
        })
    }

    /// How long the provider is not asked, since it lately did not answer.
    pub fn down(&self, now: Time) -> Option<Duration> {
        let until = Time::from_millis(self.down_until.load(Ordering::Relaxed));
        (now < until).then(|| until.since(now))
    }

    /// Looks a token up.
    pub async fn look_up(&self, token: &Secret<String>, now: Time) -> Result<Told, CaptchaDown> {
        let told = self.verifier.look_up(token).await;
        if told.is_err() {
            self.down_until.fetch_max(now.plus(DOWN_FOR).as_millis(), Ordering::Relaxed);
        }
        told
    }

    /// Whether it is time to tell that the provider does not answer.
    pub fn is_to_be_told(&self, now: Time) -> bool {
        let (now, told) = (now.as_millis(), self.told.load(Ordering::Relaxed));
        let due = now.saturating_sub(told) >= housekey_core::time::millis(TOLD_EACH);
        due && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Asks the provider's address by its published form.
struct SiteVerify {
    provider: Provider,
    url: Url,
    site_key: String,
    secret: Secret<String>,
    outbound: Outbound,
}

/// Who looks tokens up as the settings say; nobody where challenges are built in.
///
/// # Errors
/// When the address is out of bounds.
pub(crate) fn verifier(
    settings: &BotSettings,
    world: &World,
    networks: &[IpNet],
) -> Result<Option<Arc<dyn CaptchaVerifier>>, BuildFault> {
    let (Some(provider), Some(site_key), Some(secret)) = (settings.captcha, &settings.site_key, &settings.secret_key)
    else {
        return Ok(None);
    };
    let Some(url) = settings.verify_url.clone().or_else(|| Url::parse(published(provider)).ok()) else {
        return Ok(None);
    };
    let here = crate::builder::LOOPBACK.iter().filter(|_| is_here(&url)).filter_map(|text| text.parse::<IpNet>().ok());
    let outbound = Outbound::new(world.names.clone(), networks.iter().copied().chain(here).collect());
    outbound.admits(&url).map_err(|why| BuildFault::Setting {
        key: "bot_protection.captcha_verify_url".to_owned(),
        what: why.to_string(),
        instead: "an https address, or list its network in `webhooks.allowed_networks`".to_owned(),
    })?;
    let secret = Secret::new(secret.expose().clone());
    Ok(Some(Arc::new(SiteVerify { provider, url, site_key: site_key.clone(), secret, outbound })))
}

fn published(provider: Provider) -> &'static str {
    match provider {
        Provider::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        Provider::HCaptcha => "https://api.hcaptcha.com/siteverify",
        Provider::ReCaptcha => "https://www.google.com/recaptcha/api/siteverify",
    }
}

impl SiteVerify {
    fn form(&self, token: &Secret<String>) -> Vec<u8> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("secret", self.secret.expose()).append_pair("response", token.expose());
        if self.provider == Provider::HCaptcha {
            // Else a token of another of the operator's sites would count.
            form.append_pair("sitekey", &self.site_key);
        }
        form.finish().into_bytes()
    }
}

impl CaptchaVerifier for SiteVerify {
    fn look_up<'a>(&'a self, token: &'a Secret<String>) -> BoxFuture<'a, Result<Told, CaptchaDown>> {
        Box::pin(async move {
            let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
            let asked = self.outbound.post_within(&self.url, &headers, self.form(token), PATIENCE, LARGEST).await;
            let answer = asked.map_err(CaptchaDown::Outbound)?;
            match answer.status {
                // Some refuse a token by a status of 400, with the same form of body.
                200 | 400..=499 if answer.whole => match serde_json::from_slice::<Verdict>(&answer.body) {
                    Ok(verdict) => verdict.told(),
                    Err(_) if answer.status == 200 => Err(CaptchaDown::Garbage),
                    Err(_) => Err(CaptchaDown::Status(answer.status)),
                },
                200 => Err(CaptchaDown::Garbage),
                status => Err(CaptchaDown::Status(status)),
            }
        })
    }
}

/// An answer as all three publish it.
#[derive(Deserialize)]
struct Verdict {
    success: bool,
    challenge_ts: Option<String>,
    hostname: Option<String>,
    action: Option<String>,
    #[serde(default, rename = "error-codes")]
    errors: Vec<String>,
}

impl Verdict {
    fn told(self) -> Result<Told, CaptchaDown> {
        let says = |code: &str| self.errors.iter().any(|error| error == code);
        if !self.success && (says("invalid-input-secret") || says("missing-input-secret")) {
            return Err(CaptchaDown::Key);
        }
        if !self.success && says("internal-error") {
            return Err(CaptchaDown::Internal);
        }
        let made = self.challenge_ts.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if self.success && made.is_none() {
            return Err(CaptchaDown::Garbage);
        }
        Ok(Told {
            solved: self.success,
            action: self.action,
            host: self.hostname,
            made: made.map(|at| Time::from_millis(at.as_millisecond())),
        })
    }
}
