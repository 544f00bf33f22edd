//! The link that proves a new account's mailbox.

use super::{SignUpView, finish::Spent};
use crate::{
    caller::{Caller, Outcome},
    error::Result,
    flows::{client::Presented, mailed_links::expired},
    housekey::Housekey,
};
use housekey_core::ids::SignUpId;
use housekey_store::verifications::Purpose;

impl Housekey {
    /// Proves the mailbox by its link, in the browser that asked for it; goes on as with a code.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`](crate::Denial) for a link that was used, is too old, or is another browser's;
    /// [`Error::Limited`](crate::Error) beyond the limits of the caller's address.
    pub async fn sign_up_follow(&self, caller: &Caller, token: &str) -> Result<Outcome<SignUpView>> {
        let done = self.follow_sign_up(caller, token).await;
        self.or_repeat(caller, done).await
    }

    async fn follow_sign_up(&self, caller: &Caller, token: &str) -> Result<Outcome<SignUpView>> {
        let checked = match self.present::<SignUpView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(expired()),
        };
        let read = self.link_to_follow(caller, &checked.client.id, token, &[Purpose::SignUp]).await?;
        let mut live = self.live_on(checked.client).await.map_err(|_| expired())?;
        let state = &live.attempt.state;
        let sent = state.code.as_ref().is_some_and(|sent| sent.verification == read.id);
        let to = state.fields.email.as_ref().is_some_and(|email| email.canonical() == read.row.canonical);
        if !(sent && to) {
            return Err(expired());
        }
        let shown = read.shown.secret().expose();
        live.attempt = live.attempt.follow(shown, &read.row.secret_hash, self.now()).map_err(|_| expired())?;
        self.sign_up_finish(caller, live, Some(Spent { id: read.id, link: true })).await
    }

    /// A sign-up of this browser that a link ended in another of its pages, for the page that waits for it.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error) without database.
    pub async fn sign_up_followed(&self, caller: &Caller, id: &SignUpId) -> Result<Option<SignUpView>> {
        let Some(client) = self.reading_client(caller).await? else { return Ok(None) };
        let now = self.now();
        let Some((user, session)) = self.store().reader().followed_link(id.as_str(), &client, now).await? else {
            return Ok(None);
        };
        let Some(profile) = self.profile(&user).await? else { return Ok(None) };
        Ok(Some(SignUpView {
            id: id.clone(),
            email: profile.primary_address().map(str::to_owned),
            username: profile.username.clone(),
            phone: profile.primary_number().map(str::to_owned),
            phone_proved: profile.primary_phone.is_some(),
            phone_code: None,
            email_proved: true,
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            has_password: profile.password_set.is_some(),
            unsafe_metadata: Some(profile.unsafe_metadata.clone()),
            legal_accepted: profile.legal_accepted,
            missing: Vec::new(),
            code: None,
            link: true,
            return_to: None,
            expires: now,
            done: Some((user, session)),
            made: false,
        }))
    }
}
