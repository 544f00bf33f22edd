//! Headers of every answer of ours (SEC-48, SEC-55).

use housekey_core::captcha::Provider;
use http::{HeaderMap, HeaderName, HeaderValue, header};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    font-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Lets a page with a challenge start workers, from files of ours alone.
pub fn allow_workers(headers: &mut HeaderMap) {
    set_policy(&format!("{CSP}; worker-src 'self'"), headers);
}

/// Lets a page with a provider's challenge load what the provider publishes as necessary, from its hosts alone, and tell
/// them on which host it stands.
pub fn allow_captcha(provider: Provider, headers: &mut HeaderMap) {
    let hcaptcha = "https://hcaptcha.com https://*.hcaptcha.com";
    let (scripts, frames, all) = match provider {
        Provider::Turnstile => ("https://challenges.cloudflare.com", "https://challenges.cloudflare.com", None),
        Provider::HCaptcha => (hcaptcha, hcaptcha, Some(hcaptcha)),
        Provider::ReCaptcha => (
            "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
            "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
            None,
        ),
    };
    let mut policy = CSP.replace("script-src 'self'", &format!("script-src 'self' {scripts}"));
    if let Some(all) = all {
        policy = policy.replace("style-src 'self'", &format!("style-src 'self' {all}"));
        policy = policy.replace("connect-src 'self'", &format!("connect-src 'self' {all}"));
    }
    set_policy(&format!("{policy}; frame-src {frames}"), headers);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
}

fn set_policy(policy: &str, headers: &mut HeaderMap) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Sets what every page and answer of ours carries; what a handler set itself stays.
pub fn secure(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(header::VARY, "Cookie");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
         publickey-credentials-create=(self)",
    );
}
