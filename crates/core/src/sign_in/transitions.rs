//! How an attempt goes from stage to stage. Every transition consumes it.

use super::{
    AFTER_FIRST_FACTOR, Account, After, Complete, FirstProof, NeedsClientTrust, NeedsFirstFactor, NeedsIdentifier,
    NeedsNewPassword, NeedsSecondFactor, Prepared, Refused, SecondProof, SecondStrategy, SignIn, Strategy,
    TO_FIRST_FACTOR, Vouching,
};
use crate::{
    identifier::Identifier,
    ids::{ClientId, SignInId},
    redirect::ReturnTo,
    time::Time,
};

impl<S> SignIn<S> {
    /// Whether it ended by itself.
    pub fn is_expired(&self, now: Time) -> bool {
        now >= self.expires
    }

    fn to<T>(self, state: T, expires: Time) -> SignIn<T> {
        SignIn {
            id: self.id,
            client: self.client,
            version: self.version,
            created: self.created,
            expires,
            remember: self.remember,
            return_to: self.return_to,
            prepared: None,
            state,
        }
    }
}

impl SignIn<NeedsIdentifier> {
    /// A new attempt.
    pub fn begin(id: SignInId, client: ClientId, remember: bool, return_to: Option<ReturnTo>, now: Time) -> Self {
        Self {
            id,
            client,
            version: 1,
            created: now,
            expires: now.plus(TO_FIRST_FACTOR),
            remember,
            return_to,
            prepared: None,
            state: NeedsIdentifier {},
        }
    }

    /// Somebody is named; what is offered comes from policy.
    pub fn identify(self, identifier: impl Into<Identifier>, offered: Vec<Strategy>) -> SignIn<NeedsFirstFactor> {
        let identifier = identifier.into();
        let expires = self.expires;
        self.to(NeedsFirstFactor { identifier, offered }, expires)
    }
}

impl SignIn<NeedsFirstFactor> {
    /// A code was sent.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prepare(mut self, prepared: Prepared, now: Time) -> Result<Self, Refused> {
        self.may(prepared.strategy, now)?;
        self.prepared = Some(prepared);
        Ok(self)
    }

    /// Whether this way may be tried now.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn may(&self, strategy: Strategy, now: Time) -> Result<(), Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if !self.state.offered.contains(&strategy) {
            return Err(Refused::NotOffered);
        }
        Ok(())
    }

    /// The first factor was proved, of an account that has the second factors `due`.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prove(self, proof: FirstProof, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
        self.may(proof.strategy, now)?;
        let identifier = self.state.identifier.clone();
        self.first_proved(Some(identifier), proof, due, now)
    }
}

impl<S> SignIn<S> {
    /// A reset sets a new password, and so does whoever comes to an account whose password is compromised. Whoever holds a
    /// phone that is the second factor cannot make the first one by it as well: that phone alone would open the account.
    fn first_proved(
        self,
        identifier: Option<Identifier>,
        proof: FirstProof,
        due: &[SecondStrategy],
        now: Time,
    ) -> Result<After, Refused> {
        let FirstProof { account, strategy: first, renew } = proof;
        let is_second = first.is_by_phone() && due.contains(&SecondStrategy::PhoneCode);
        if is_second && first.is_reset() {
            return Err(Refused::IsSecondFactor);
        }
        if (renew && !is_second) || first.is_reset() {
            let state = NeedsNewPassword { identifier, account, first };
            return Ok(After::NewPassword(self.to(state, now.plus(AFTER_FIRST_FACTOR))));
        }
        Ok(self.first_holds(identifier, account, first, due, now))
    }

    /// A second factor that the account has is due whatever the first one was (SEC-63). A phone is not both: where nothing
    /// else is left, nothing is offered, and the sign-in goes no further than to recovery.
    fn first_holds(
        self,
        identifier: Option<Identifier>,
        account: Account,
        first: Strategy,
        due: &[SecondStrategy],
        now: Time,
    ) -> After {
        let expires = now.plus(AFTER_FIRST_FACTOR);
        if due.is_empty() {
            return After::Done(self.to(Complete { account, first, first_proved: now, second: None }, expires));
        }
        let again = |way: &SecondStrategy| *way == SecondStrategy::PhoneCode && first.is_by_phone();
        let offered = due.iter().copied().filter(|way| !again(way)).collect();
        let state = NeedsSecondFactor { identifier, account, first, first_proved: now, offered, phones: Vec::new() };
        After::Second(self.to(state, expires))
    }
}

impl SignIn<NeedsSecondFactor> {
    /// A code was sent to the second factor's phone.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prepare(mut self, prepared: Prepared, now: Time) -> Result<Self, Refused> {
        self.may(SecondStrategy::PhoneCode, now)?;
        self.prepared = Some(prepared);
        Ok(self)
    }

    /// Whether this way may be tried now.
    ///
    /// # Errors
    /// When the account has not that way or the attempt is over.
    pub fn may(&self, strategy: SecondStrategy, now: Time) -> Result<(), Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.offered.contains(&strategy) { Ok(()) } else { Err(Refused::NotOffered) }
    }

    /// The second factor was proved.
    ///
    /// # Errors
    /// When the account has not that way, the proof is of another account, or the attempt is over.
    pub fn prove(self, proof: SecondProof, now: Time) -> Result<SignIn<Complete>, Refused> {
        self.may(proof.strategy, now)?;
        if proof.account != self.state.account {
            return Err(Refused::NotOffered);
        }
        let NeedsSecondFactor { account, first, first_proved, .. } = self.state.clone();
        let expires = self.expires;
        Ok(self.to(Complete { account, first, first_proved, second: Some(proof.strategy) }, expires))
    }
}

impl SignIn<Complete> {
    /// All that is due of the account was proved, and yet the device is not trusted: somebody named by `identifier` has to
    /// prove one of the account's own mailboxes or phones as well.
    #[must_use]
    pub fn distrust(self, identifier: Identifier, offered: Vec<Vouching>) -> SignIn<NeedsClientTrust> {
        let Complete { account, first, first_proved, .. } = self.state.clone();
        let expires = self.expires;
        self.to(NeedsClientTrust { identifier, account, first, first_proved, offered }, expires)
    }
}

impl SignIn<NeedsClientTrust> {
    /// Whether this way may be tried now.
    ///
    /// # Errors
    /// When the account has not that way or the attempt is over.
    pub fn may(&self, strategy: Strategy, now: Time) -> Result<(), Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        if self.state.offered.iter().any(|one| one.way == strategy) { Ok(()) } else { Err(Refused::NotOffered) }
    }

    /// A code was sent.
    ///
    /// # Errors
    /// When that way is not offered or the attempt is over.
    pub fn prepare(mut self, prepared: Prepared, now: Time) -> Result<Self, Refused> {
        self.may(prepared.strategy, now)?;
        self.prepared = Some(prepared);
        Ok(self)
    }

    /// The mailbox or the phone was proved. It vouches for the device and is no second factor (SEC-38).
    ///
    /// # Errors
    /// When that way is not offered, the proof is of another account, or the attempt is over.
    pub fn vouch(self, proof: &FirstProof, now: Time) -> Result<SignIn<Complete>, Refused> {
        self.may(proof.strategy, now)?;
        if proof.account != self.state.account {
            return Err(Refused::NotOffered);
        }
        let NeedsClientTrust { account, first, first_proved, .. } = self.state.clone();
        let expires = self.expires;
        Ok(self.to(Complete { account, first, first_proved, second: None }, expires))
    }
}

impl SignIn<NeedsNewPassword> {
    /// The new password is set in the same transaction; the account's version is then `version`. A reset proves the
    /// mailbox alone: a second factor is due as ever (SEC-36).
    ///
    /// # Errors
    /// When the attempt is over.
    pub fn renewed(self, version: i64, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
        if self.is_expired(now) {
            return Err(Refused::Expired);
        }
        let NeedsNewPassword { identifier, account, first } = self.state.clone();
        Ok(self.first_holds(identifier, Account { user: account.user, version }, first, due, now))
    }
}

/// How an attempt begins.
pub struct Begun {
    /// Its id.
    pub id: SignInId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Whether the session shall outlive the browser.
    pub remember: bool,
    /// Where the person wants to go afterwards.
    pub return_to: Option<ReturnTo>,
}

/// The mailbox or phone of somebody who has an account already, proved in a sign-up: a first factor of a sign-in.
///
/// # Errors
/// When the attempt is over.
pub fn from_sign_up(
    begun: Begun,
    identifier: Identifier,
    proof: FirstProof,
    due: &[SecondStrategy],
    now: Time,
) -> Result<After, Refused> {
    let Begun { id, client, remember, return_to } = begun;
    let offered = vec![proof.strategy];
    SignIn::begin(id, client, remember, return_to, now).identify(identifier, offered).prove(proof, due, now)
}

/// A ticket names its user and is the first factor at once.
///
/// # Errors
/// When the proof is of something else.
pub fn from_ticket(begun: Begun, proof: FirstProof, due: &[SecondStrategy], now: Time) -> Result<After, Refused> {
    if proof.strategy != Strategy::Ticket {
        return Err(Refused::NotOffered);
    }
    let Begun { id, client, remember, return_to } = begun;
    SignIn::begin(id, client, remember, return_to, now).first_proved(None, proof, due, now)
}

/// A passkey names its user. With its owner verified by it, it is both factors in one (NIST SP 800-63B-4, 3.1.7), so
/// nothing more is due.
///
/// # Errors
/// When the proof is of something else.
pub fn from_passkey(begun: Begun, proof: FirstProof, now: Time) -> Result<SignIn<Complete>, Refused> {
    let FirstProof { account, strategy: first, .. } = proof;
    if first != Strategy::Passkey {
        return Err(Refused::NotOffered);
    }
    let Begun { id, client, remember, return_to } = begun;
    let done = Complete { account, first, first_proved: now, second: Some(SecondStrategy::Passkey) };
    Ok(SignIn::begin(id, client, remember, return_to, now).to(done, now.plus(AFTER_FIRST_FACTOR)))
}
