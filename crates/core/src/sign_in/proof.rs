//! Proofs of factors: private inside, made by verification alone.

use super::{Account, SecondStrategy, Strategy};
use crate::{
    factor::{passkey::Assertion, totp::Match},
    password::Verdict,
    sign_up::{Gathering, SignUp},
    token::opaque::TokenHash,
};

/// That the first factor was proved. Only verification makes one.
#[derive(Debug)]
pub struct FirstProof {
    pub(super) account: Account,
    pub(super) strategy: Strategy,
    /// A new password is due before anything else.
    pub(super) renew: bool,
}

impl FirstProof {
    /// A password that was compared with the account's hash.
    pub fn password(account: Account, verdict: &Verdict) -> Option<Self> {
        matches!(verdict, Verdict::Yes { .. }).then_some(Self { account, strategy: Strategy::Password, renew: false })
    }

    /// A mailed code, or one that was sent to a phone, that was compared with its stored hash in constant time.
    pub fn mailbox(account: Account, strategy: Strategy, typed: &[u8; 32], stored: &[u8]) -> Option<Self> {
        use subtle::ConstantTimeEq;
        let is_code = matches!(
            strategy,
            Strategy::EmailCode
                | Strategy::EmailLink
                | Strategy::ResetPasswordEmailCode
                | Strategy::PhoneCode
                | Strategy::ResetPasswordPhoneCode
        );
        (is_code && bool::from(typed.as_slice().ct_eq(stored))).then_some(Self { account, strategy, renew: false })
    }

    /// A mailed link that was followed in the browser that asked for it.
    pub fn link(account: Account, strategy: Strategy, shown: &[u8; 32], stored: &TokenHash) -> Option<Self> {
        let is_link = matches!(strategy, Strategy::EmailLink | Strategy::ResetPasswordEmailCode);
        (is_link && stored.matches(shown)).then_some(Self { account, strategy, renew: false })
    }

    /// The mailbox behind a sign-up's address, which was proved there and belongs to an account.
    pub fn mailbox_of_sign_up(account: Account, attempt: &SignUp<Gathering>) -> Option<Self> {
        attempt.is_proved().then_some(Self { account, strategy: Strategy::EmailCode, renew: false })
    }

    /// The phone behind a sign-up's number, which was proved there and belongs to an account.
    pub fn phone_of_sign_up(account: Account, attempt: &SignUp<Gathering>) -> Option<Self> {
        attempt.is_phone_proved().then_some(Self { account, strategy: Strategy::PhoneCode, renew: false })
    }

    /// A ticket of a user that was shown and is used up with the sign-in.
    pub fn ticket(account: Account, shown: &[u8; 32], stored: &TokenHash) -> Option<Self> {
        stored.matches(shown).then_some(Self { account, strategy: Strategy::Ticket, renew: false })
    }

    /// The same of an account whose password is compromised: whoever proved anything but that password sets a new one.
    #[must_use]
    pub fn and_renew(self, compromised: bool) -> Self {
        Self { renew: self.renew || compromised, ..self }
    }

    /// A passkey that named its account by itself.
    pub fn passkey(account: Account, assertion: &Assertion<'_>) -> Option<Self> {
        assertion.names_its_owner().then_some(Self { account, strategy: Strategy::Passkey, renew: false })
    }

    /// Whose factor was proved.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

/// That a second factor was proved. Only verification makes one.
#[derive(Debug)]
pub struct SecondProof {
    pub(super) account: Account,
    pub(super) strategy: SecondStrategy,
}

impl SecondProof {
    /// The code of an authenticator app that matched a step not used before.
    pub fn totp(account: Account, _matched: &Match) -> Self {
        Self { account, strategy: SecondStrategy::Totp }
    }

    /// A backup code that was compared with its hash.
    pub fn backup_code(account: Account, verdict: &Verdict) -> Option<Self> {
        matches!(verdict, Verdict::Yes { .. }).then_some(Self { account, strategy: SecondStrategy::BackupCode })
    }

    /// A passkey of an account that is known already.
    pub fn passkey(account: Account, assertion: &Assertion<'_>) -> Option<Self> {
        assertion.is_of_its_owner().then_some(Self { account, strategy: SecondStrategy::Passkey })
    }

    /// A code sent to a phone of the account, that was compared with its stored hash in constant time.
    pub fn phone_code(account: Account, typed: &[u8; 32], stored: &[u8]) -> Option<Self> {
        use subtle::ConstantTimeEq;
        let is_right = bool::from(typed.as_slice().ct_eq(stored));
        is_right.then_some(Self { account, strategy: SecondStrategy::PhoneCode })
    }

    /// Whose factor was proved.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Which way.
    pub fn strategy(&self) -> SecondStrategy {
        self.strategy
    }
}
