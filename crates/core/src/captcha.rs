//! Challenges that a provider poses, shows and judges: what its word has to say before it counts (SEC-15).

use crate::{
    challenge::{LIFE, Unsolved},
    time::Time,
};
use std::time::Duration;

/// How far a provider's clock may be before ours.
const SKEW: Duration = Duration::from_secs(60);

/// Who poses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare's.
    Turnstile,
    /// Intuition Machines'.
    HCaptcha,
    /// Google's, version 2 with its checkbox.
    ReCaptcha,
}

impl Provider {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turnstile => "turnstile",
            Self::HCaptcha => "hcaptcha",
            Self::ReCaptcha => "recaptcha",
        }
    }

    /// Whether Clerk's components show its widget: they know no other.
    pub fn is_in_components(self) -> bool {
        self == Self::Turnstile
    }

    /// Whether a token says what it was asked for. One that does not counts for the form that it comes with.
    fn tells_action(self) -> bool {
        self == Self::Turnstile
    }
}

/// What a provider says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whether it is one of its own, asked for with this instance's key, and was not shown before.
    pub solved: bool,
    /// What it was asked for.
    pub action: Option<String>,
    /// The page's host.
    pub host: Option<String>,
    /// When.
    pub made: Option<Time>,
}

/// What a token has to be good for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who posed it.
    pub provider: Provider,
    /// What it was asked for.
    pub action: &'a str,
    /// The host of the page that it came from.
    pub host: &'a str,
}

/// Judges a provider's word. Answers until when the token might be shown.
///
/// # Errors
/// Why it counts for nothing.
pub fn judge(told: &Told, wanted: Wanted<'_>, now: Time) -> Result<Time, Unsolved> {
    if !told.solved {
        return Err(Unsolved::Wrong);
    }
    let made = told.made.ok_or(Unsolved::Malformed)?;
    let here = told.host.as_deref().is_some_and(|host| host.eq_ignore_ascii_case(wanted.host));
    let meant = !wanted.provider.tells_action() || told.action.as_deref() == Some(wanted.action);
    if !here || !meant {
        return Err(Unsolved::Elsewhere);
    }
    let expires = made.plus(LIFE);
    if expires <= now || now.plus(SKEW) < made {
        return Err(Unsolved::Expired);
    }
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_800_000_000_000);
    const WANTED: Wanted<'_> = Wanted { provider: Provider::Turnstile, action: "sign_in", host: "auth.example.com" };

    fn right() -> Told {
        Told {
            solved: true,
            action: Some("sign_in".into()),
            host: Some("auth.example.com".into()),
            made: Some(NOW.minus(Duration::from_secs(1))),
        }
    }

    #[test]
    fn sec_15_a_token_counts_for_its_action_its_host_and_five_minutes() {
        let judged = |told: Told| judge(&told, WANTED, NOW);
        assert_eq!(judged(right()), Ok(NOW.plus(Duration::from_secs(299))));
        assert_eq!(judged(Told { solved: false, ..right() }), Err(Unsolved::Wrong));
        for action in [None, Some(String::new()), Some("sign_up".into())] {
            assert_eq!(judged(Told { action, ..right() }), Err(Unsolved::Elsewhere));
        }
        for host in [None, Some("auth.example.com.evil.example".into()), Some("example.com".into())] {
            assert_eq!(judged(Told { host, ..right() }), Err(Unsolved::Elsewhere));
        }
        let made = |made| judged(Told { made, ..right() });
        assert_eq!(made(None), Err(Unsolved::Malformed));
        assert_eq!(made(Some(NOW.minus(LIFE))), Err(Unsolved::Expired));
        assert_eq!(made(Some(NOW.plus(SKEW).plus(Duration::from_millis(1)))), Err(Unsolved::Expired), "of tomorrow");
        assert!(made(Some(NOW.plus(SKEW))).is_ok(), "a clock that is a little ahead");
    }

    #[test]
    fn where_a_provider_knows_no_action_none_is_asked_for() {
        for provider in [Provider::HCaptcha, Provider::ReCaptcha] {
            assert!(judge(&Told { action: None, ..right() }, Wanted { provider, ..WANTED }, NOW).is_ok());
        }
    }
}
