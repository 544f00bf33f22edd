//! Signing in: somebody is named, a first factor is proved, and a session is opened.
//!
//! A stranger costs the same as an owner in every step: the same hashes, statements and commits (SEC-20).

mod code;
mod finish;
mod link;
mod new_password;
mod password;
mod prepared;
mod second_factor;
mod start;
mod ticket;
mod trust;

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::{
        codes::{self, CodeSent},
        passkeys::PasskeyAsked,
    },
    housekey::Housekey,
};
use housekey_core::{
    identifier::Identifier,
    ids::{ClientId, SessionId, SignInId, UserId},
    redirect::ReturnTo,
    sign_in::{AnySignIn, SecondPhone, SecondStrategy, Strategy, Vouching},
    time::Time,
};
use housekey_store::{clients::ClientRow, sign_ins::SignInRow};
use serde::{Deserialize, Serialize};

pub use start::StartSignIn;

pub(crate) use code::refused;
pub(crate) use finish::Finish;

/// Where a sign-in stands, as every door shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    /// The attempt's id.
    pub id: SignInId,
    /// What is due.
    pub status: SignInStatus,
    /// Whoever was named, as typed.
    pub identifier: Option<String>,
    /// The ways offered for what is due.
    pub offered: Vec<Strategy>,
    /// The second factors that the account has, once a second one is due.
    pub second_offered: Vec<SecondStrategy>,
    /// The phones that a code can go to as second factor, the one that is asked for first before the others.
    pub second_phones: Vec<SecondPhone>,
    /// What can vouch for the device, where something has to.
    pub vouching: Vec<Vouching>,
    /// The code on its way, and what it proves.
    pub code: Option<(Strategy, CodeSent)>,
    /// The passkey that is asked for, in the answer that asks.
    pub passkey: Option<PasskeyAsked>,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where to go afterwards.
    pub return_to: Option<ReturnTo>,
    /// How the first factor was proved, if it was.
    pub first: Option<Strategy>,
    /// How the second factor was proved, if one was.
    pub second: Option<SecondStrategy>,
    /// Who is signed in; told only at the end.
    pub user: Option<UserId>,
    /// When it ends by itself.
    pub expires: Time,
    /// The session that it ended in.
    pub session: Option<SessionId>,
}

impl SignInView {
    /// An attempt that is not begun, for a door that asks for something before it.
    pub(crate) fn unbegun(id: SignInId, expires: Time) -> Self {
        Self {
            id,
            status: SignInStatus::NeedsIdentifier,
            identifier: None,
            offered: Vec::new(),
            second_offered: Vec::new(),
            second_phones: Vec::new(),
            vouching: Vec::new(),
            code: None,
            passkey: None,
            remember: true,
            return_to: None,
            first: None,
            second: None,
            user: None,
            expires,
            session: None,
        }
    }
}

/// What a sign-in waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInStatus {
    /// Somebody has to be named.
    NeedsIdentifier,
    /// A first factor is due.
    NeedsFirstFactor,
    /// A second factor is due.
    NeedsSecondFactor,
    /// The device has to be vouched for.
    NeedsClientTrust,
    /// A new password is due.
    NeedsNewPassword,
    /// Signed in.
    Complete,
}

impl Housekey {
    /// The client's live sign-in, if there is one.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for a secret that was just replaced, [`Error::Unavailable`] without database.
    pub async fn sign_in_current(&self, caller: &Caller) -> Result<Option<SignInView>> {
        let Some(client) = self.reading_client(caller).await? else {
            return Ok(None);
        };
        let row = self.store().reader().sign_in(&client, self.now()).await?;
        Ok(row.map(|row| view(&row.attempt)))
    }

    /// What every account may be asked for: by the instance's policy and the kind of name, never by the account, so that
    /// it tells nothing. Nothing is mailed to a username: that a mailbox's limits are used up would tell whose it is.
    pub(crate) fn offered(&self, identifier: &Identifier) -> Vec<Strategy> {
        match identifier {
            Identifier::Email(_) => {
                let mailbox = self.settings().mailbox;
                let code = mailbox.has_code().then_some(Strategy::EmailCode);
                let link = mailbox.has_link().then_some(Strategy::EmailLink);
                let mailed = code.into_iter().chain(link);
                [Strategy::Password].into_iter().chain(mailed).chain([Strategy::ResetPasswordEmailCode]).collect()
            }
            Identifier::Username(_) => vec![Strategy::Password],
            Identifier::Phone(_) => vec![Strategy::Password, Strategy::PhoneCode, Strategy::ResetPasswordPhoneCode],
        }
    }

    /// The way in by the mailbox that our own pages ask for.
    pub fn mailed_strategy(&self) -> Strategy {
        if self.settings().mailbox.has_code() { Strategy::EmailCode } else { Strategy::EmailLink }
    }

    /// The client's live sign-in for a next step.
    pub(crate) async fn live_sign_in(&self, client: &ClientRow) -> Result<SignInRow> {
        let row = self.store().reader().sign_in(&client.id, self.now()).await?;
        row.ok_or(Error::Denied(Denial::AttemptExpired))
    }

    pub(crate) async fn reading_client(&self, caller: &Caller) -> Result<Option<ClientId>> {
        use crate::flows::client::Presented;
        Ok(match self.present::<serde_json::Value>(caller).await {
            Ok(Presented::Client(checked)) => Some(checked.client.id.clone()),
            Ok(_) | Err(Error::SignedOut) => None,
            Err(other) => return Err(other),
        })
    }
}

/// An attempt as it is shown.
pub(crate) fn view(attempt: &AnySignIn) -> SignInView {
    match attempt {
        AnySignIn::NeedsIdentifier(a) => shown(a, SignInStatus::NeedsIdentifier, None, None),
        AnySignIn::NeedsFirstFactor(a) => SignInView {
            offered: a.state.offered.clone(),
            ..shown(a, SignInStatus::NeedsFirstFactor, Some(&a.state.identifier), None)
        },
        AnySignIn::NeedsSecondFactor(a) => SignInView {
            second_offered: a.state.offered.clone(),
            second_phones: a.state.phones.clone(),
            ..shown(a, SignInStatus::NeedsSecondFactor, a.state.identifier.as_ref(), Some(a.state.first))
        },
        AnySignIn::NeedsClientTrust(a) => SignInView {
            offered: a.state.offered.iter().map(|one| one.way).collect(),
            vouching: a.state.offered.clone(),
            ..shown(a, SignInStatus::NeedsClientTrust, Some(&a.state.identifier), Some(a.state.first))
        },
        AnySignIn::NeedsNewPassword(a) => {
            shown(a, SignInStatus::NeedsNewPassword, a.state.identifier.as_ref(), Some(a.state.first))
        }
    }
}

fn shown<S>(
    a: &housekey_core::sign_in::SignIn<S>,
    status: SignInStatus,
    identifier: Option<&Identifier>,
    first: Option<Strategy>,
) -> SignInView {
    let code = a.prepared.as_ref().and_then(|p| {
        let to = p.to.clone().or_else(|| identifier.map(Identifier::masked))?;
        Some((p.strategy, codes::code_sent(to, p.sent, p.expires)))
    });
    SignInView {
        id: a.id.clone(),
        status,
        identifier: identifier.map(|named| named.typed().to_owned()),
        offered: Vec::new(),
        second_offered: Vec::new(),
        second_phones: Vec::new(),
        vouching: Vec::new(),
        code,
        passkey: None,
        remember: a.remember,
        return_to: a.return_to.clone(),
        first,
        second: None,
        user: None,
        expires: a.expires,
        session: None,
    }
}
