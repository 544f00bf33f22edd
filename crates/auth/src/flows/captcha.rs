//! Challenges of a provider in flows: whose turn it is to pose one, and what the provider says of what comes back.

use super::{challenge::Poser, notes::About};
use crate::{
    caller::{Caller, CaptchaShown},
    captcha::CaptchaDown,
    error::Result,
    housekey::Housekey,
};
use housekey_core::{
    captcha::{self, Provider, Wanted},
    challenge::{Action, Solved, Unsolved},
    event::EventKind,
    keyring::Purpose,
};
use std::time::Duration;

/// Longer than any token is.
const LONGEST: usize = 8 * 1024;

impl Housekey {
    /// The provider of challenges, and the key by which its widget knows this instance.
    pub fn captcha_widget(&self) -> Option<(Provider, &str)> {
        self.0.captcha.as_ref().map(|captcha| (captcha.provider, captcha.site_key.as_str()))
    }

    /// Who poses challenges now. While a provider does not answer the house does, but for sign-ups (SEC-15).
    pub(crate) fn poser(&self, action: Action) -> Poser {
        match &self.0.captcha {
            Some(captcha) if action == Action::SignUp || captcha.down(self.now()).is_none() => {
                Poser::Provider(captcha.provider)
            }
            _ => Poser::House,
        }
    }

    /// How long nobody signs up who is due a challenge, since its provider does not answer.
    pub(crate) fn sign_up_closed(&self, action: Action) -> Option<Duration> {
        let captcha = self.0.captcha.as_ref().filter(|_| action == Action::SignUp)?;
        captcha.down(self.now())
    }

    /// What the provider says of what the caller shows; nothing where there is no provider, it does not answer, or
    /// nothing is shown.
    pub(crate) async fn look_up_captcha(
        &self,
        caller: &Caller,
        action: Action,
    ) -> Result<Option<Result<Solved, Unsolved>>> {
        let Some(shown) = &caller.captcha else { return Ok(None) };
        self.look_up_shown(caller, shown, action.as_str()).await
    }

    /// The same of a token that was asked for under this name.
    pub(crate) async fn look_up_shown(
        &self,
        caller: &Caller,
        shown: &CaptchaShown,
        action: &str,
    ) -> Result<Option<Result<Solved, Unsolved>>> {
        let Some(captcha) = &self.0.captcha else { return Ok(None) };
        if captcha.down(self.now()).is_some() {
            return Ok(None);
        }
        let token = shown.token.expose();
        if token.len() > LONGEST {
            return Ok(Some(Err(Unsolved::Malformed)));
        }
        let told = match captcha.look_up(&shown.token, self.now()).await {
            Ok(told) => told,
            Err(why) => {
                self.tell_captcha_down(caller, why).await?;
                return Ok(None);
            }
        };
        let wanted = Wanted { provider: captcha.provider, action, host: &shown.host };
        let judged = captcha::judge(&told, wanted, self.now());
        let id = self.keyring().mac(Purpose::Challenge, &[captcha.provider.as_str().as_bytes(), token.as_bytes()]);
        Ok(Some(judged.map(|expires| Solved::by_person(id.to_vec(), expires))))
    }

    /// Tells, at most once a minute, that the provider does not answer.
    async fn tell_captcha_down(&self, caller: &Caller, why: CaptchaDown) -> Result<()> {
        if !self.0.captcha.as_ref().is_some_and(|captcha| captcha.is_to_be_told(self.now())) {
            return Ok(());
        }
        let detail = why.detail();
        tracing::warn!(%detail, "the provider of challenges gives no answer that says anything");
        // It tells of the provider and not of the person, whom there may not be yet.
        let about = About { user: None, client: None, session: None };
        let event = self.event(caller, EventKind::CaptchaUnavailable, about, detail).await?;
        Ok(self.store().record(vec![event]).await?)
    }
}
