//! A mailed link as first factor: of a sign-in, or of a reset.

use super::{Finish, SignInStatus, SignInView, code::refused, view};
use crate::{
    caller::{Caller, Outcome},
    error::Result,
    flows::{client::Presented, mailed_links::expired, trusted_devices::Due},
    housekey::Housekey,
};
use housekey_core::{
    factor::one_time_code,
    ids::SignInId,
    sign_in::{After, AnySignIn, FirstProof, Strategy},
};
use housekey_store::{sign_ins::Proved, verifications::Purpose};

impl Housekey {
    /// Proves the mailbox of the live sign-in by its link, in the browser that asked for it.
    ///
    /// # Errors
    /// [`Denial::LinkExpired`](crate::Denial) for a link that was used, is too old, or is another browser's;
    /// [`Error::Limited`](crate::Error) beyond the limits of the caller's address.
    pub async fn sign_in_follow(&self, caller: &Caller, token: &str) -> Result<Outcome<SignInView>> {
        let done = self.follow_sign_in(caller, token).await;
        self.or_repeat(caller, done).await
    }

    async fn follow_sign_in(&self, caller: &Caller, token: &str) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(expired()),
        };
        let purposes = [Purpose::SignIn, Purpose::Reset];
        let read = self.link_to_follow(caller, &checked.client.id, token, &purposes).await?;
        let row = self.live_sign_in(&checked.client).await.map_err(|_| expired())?;
        let AnySignIn::NeedsFirstFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        let prepared = attempt.prepared.clone().filter(|p| p.verification == read.id).ok_or_else(expired)?;
        let strategy = match read.row.purpose {
            Purpose::Reset => Strategy::ResetPasswordEmailCode,
            _ => Strategy::EmailLink,
        };
        attempt.may(strategy, now).map_err(refused)?;
        let who = attempt.state.identifier.canonical().to_owned();
        let user = self.store().reader().user_by(&attempt.state.identifier).await?;
        // The link belongs to whom it was sent; an address that changed hands meanwhile proves nothing.
        let owner = user.as_ref().filter(|u| Some(&u.account.user) == read.row.user.as_ref());
        let shown = read.shown.secret().expose();
        let proof = owner.and_then(|u| FirstProof::link(u.account.clone(), strategy, shown, &read.row.secret_hash));
        let (Some(user), Some(proof)) = (owner, proof) else { return Err(expired()) };
        let forgive = match strategy {
            // The password that failed so often is about to be replaced, and its counter goes with it.
            Strategy::ResetPasswordEmailCode => None,
            _ => Some(self.failures_name(&who, Some(&user.account.user))),
        };
        let id = attempt.id.to_string();
        let Due { second, trusted } = self.due_here(caller, user).await?;
        let proof = proof.and_renew(user.password_compromised.is_some());
        let after = attempt.prove(proof, &second, now).map_err(refused)?;
        let trusted = trusted.filter(|_| matches!(after, After::Done(_)));
        let mut finish = Finish::new(user);
        finish.attempt_version = Some(row.version);
        finish.followed = Some((id, now.plus(one_time_code::LIFE)));
        finish.proved = Proved { spent: Some(prepared.verification), trusted, forgive, ..Proved::default() };
        self.go_on(caller, &checked.client, after, finish).await
    }

    /// A sign-in of this browser that a link ended in another of its pages, for the page that waits for it.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error) without database.
    pub async fn sign_in_followed(&self, caller: &Caller, id: &SignInId) -> Result<Option<SignInView>> {
        let Some(client) = self.reading_client(caller).await? else { return Ok(None) };
        let now = self.now();
        let Some((user, session)) = self.store().reader().followed_link(id.as_str(), &client, now).await? else {
            return Ok(None);
        };
        let Some(profile) = self.profile(&user).await? else { return Ok(None) };
        Ok(Some(SignInView {
            id: id.clone(),
            status: SignInStatus::Complete,
            identifier: profile.primary_address().map(str::to_owned),
            offered: Vec::new(),
            second_offered: Vec::new(),
            second_phones: Vec::new(),
            vouching: Vec::new(),
            code: None,
            passkey: None,
            remember: true,
            return_to: None,
            first: Some(Strategy::EmailLink),
            second: None,
            user: Some(user),
            expires: now,
            session: Some(session),
        }))
    }
}
