//! Challenges of a provider in flows: whose turn it is to pose one, and what the provider says of what comes back.

use super::{
    challenge::{ChallengeDue, Poser},
    notes::About,
};
use crate::{
    caller::{Caller, CaptchaShown, ClientToken, Door, Outcome, Widget},
    captcha::CaptchaDown,
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    captcha::{self, Provider, Wanted},
    challenge::{Action, Solved, Unsolved},
    event::EventKind,
    keyring::Purpose,
};
use housekey_store::{StoreError, gate::Holder};
use std::time::Duration;

/// Longer than any token is.
const LONGEST: usize = 8 * 1024;
const TOKEN: &str = "captcha_token";
const PROOF: &str = "proof_token";

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

    /// Takes what a component's widget solved as a pass for the client's next operation that is due a challenge. A
    /// client is made for whoever has none. Where the provider poses nothing to components, nothing is to be solved.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that is missing or counts for nothing, [`Error::CaptchaUnavailable`] when the
    /// provider does not answer, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn captcha_pass(&self, caller: &Caller) -> Result<Outcome<()>> {
        let Some(captcha) = self.0.captcha.as_ref().filter(|captcha| captcha.provider.is_in_components()) else {
            return Ok(Outcome::plain(()));
        };
        let shown = caller.captcha.as_ref().ok_or_else(|| Error::field(TOKEN, "captcha_missing"))?;
        self.spend(vec![self.per_address("captcha", caller, self.limits().sign_in_address_minute)]).await?;
        let Some(looked_up) = self.look_up_shown(caller, shown, "verify").await? else {
            return Err(Error::CaptchaUnavailable { retry_after: captcha.down(self.now()).unwrap_or_default() });
        };
        let solved = looked_up.map_err(|_| Error::field(TOKEN, "captcha_incorrect"))?;
        let begun = self.client_begin(caller).await?;
        let client = begun.cookies.client.as_ref().map(|set| &set.token).or(caller.client.as_ref());
        let holder = self.holder_of(client.ok_or(Error::Bug("a client that was begun is missing"))?);
        match self.store().grant_pass(holder, "", solved).await {
            Err(StoreError::Conflict) => Err(Error::field(TOKEN, "captcha_incorrect")),
            granted => Ok(granted.map(|()| begun)?),
        }
    }

    /// Takes a solved challenge of the house's own as a pass for what it was posed in front of.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is not solved or was used, [`Error::Challenge`] with a new one where it is too
    /// old, [`Error::NotFound`] without a client, [`Error::Limited`] beyond the limits of the caller's address.
    pub async fn challenge_pass(&self, caller: &Caller, proof: &str) -> Result<()> {
        self.spend(vec![self.per_address("captcha", caller, self.limits().sign_in_address_minute)]).await?;
        let client = caller.client.as_ref().ok_or(Error::NotFound)?;
        let read = self.0.challenges.read(proof, self.challenge_host());
        let (action, solved) = read.map_err(|_| Error::field(PROOF, "proof_incorrect"))?;
        if solved.expires <= self.now() {
            let (level, by) = (solved.level, self.poser(action));
            let due = ChallengeDue { action, level, by, retry_after: Duration::ZERO, shown_in_vain: true };
            return Err(Error::Challenge(due));
        }
        match self.store().grant_pass(self.holder_of(client), action.as_str(), solved).await {
            Err(StoreError::Conflict) => Err(Error::field(PROOF, "proof_used")),
            granted => Ok(granted?),
        }
    }

    /// Whose pass counts at a gate: that of whoever comes by components, which show nothing with an operation itself.
    pub(crate) fn holder(&self, caller: &Caller, action: Action) -> Option<Holder> {
        let client = caller.client.as_ref().filter(|_| caller.door == Door::ClerkFrontend)?;
        Some(Holder { name: self.holder_of(client), action: action.as_str() })
    }

    /// A pass is of whoever has the client's secret, and a new secret leaves it behind.
    fn holder_of(&self, client: &ClientToken) -> [u8; 32] {
        self.keyring().mac(Purpose::Challenge, &[b"pass", client.reveal().as_bytes()])
    }

    /// What the provider says of what the caller shows; nothing where there is no provider, it does not answer, or
    /// nothing is shown.
    pub(crate) async fn look_up_captcha(
        &self,
        caller: &Caller,
        action: Action,
    ) -> Result<Option<Result<Solved, Unsolved>>> {
        let Some(shown) = &caller.captcha else { return Ok(None) };
        self.look_up_shown(caller, shown, asked_as(shown.widget, action)).await
    }

    /// The same of one that was asked for under this name.
    async fn look_up_shown(
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
        if token.len() > LONGEST || !token.bytes().all(may_be_in_a_token) {
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

/// What no token holds is not sent on: a provider's own guards refuse it in a way that looks like the provider being down,
/// and whoever sends it could close sign-ups to others.
fn may_be_in_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~+/=:|".contains(&byte)
}

/// The name under which a widget asks for a token.
fn asked_as(widget: Widget, action: Action) -> &'static str {
    match (widget, action) {
        (Widget::House, action) => action.as_str(),
        (Widget::Clerk, Action::SignUp) => "signup",
        (Widget::Clerk, _) => "signin",
    }
}
