//! Who may sign up: the mode and the lists that an operator keeps.

use crate::{
    error::{Denial, Error, Result},
    housekey::Housekey,
    settings::SignUpMode,
};
use housekey_core::identifier::email::Email;
use housekey_store::listed::List;

impl Housekey {
    /// Whether an address may sign up at all. That is the instance's policy and tells nothing about accounts.
    pub(crate) async fn may_sign_up(&self, email: &Email) -> Result<()> {
        let policy = &self.settings().sign_up;
        let address = email.canonical();
        let domain = format!("*@{}", email.domain());
        let reader = self.store().reader();
        if reader.is_listed(List::Block, address, &domain).await? {
            return Err(Error::Denied(Denial::NotAllowed));
        }
        match policy.mode {
            SignUpMode::Open => {}
            SignUpMode::Restricted if reader.is_listed(List::Allow, address, &domain).await? => {}
            SignUpMode::Restricted => return Err(Error::Denied(Denial::NotAllowed)),
            SignUpMode::InvitationOnly => return Err(Error::Denied(Denial::InvitationOnly)),
        }
        if self.0.disposable.has(email.domain()) {
            return Err(Error::field("email", "email_disposable"));
        }
        if policy.block_subaddresses && email.is_subaddress() && !self.is_for_tests(email) {
            return Err(Error::field("email", "email_subaddress"));
        }
        Ok(())
    }

    /// Whether somebody without an invitation may begin a sign-up, whatever the address will be.
    ///
    /// # Errors
    /// [`Denial::InvitationOnly`].
    pub fn sign_up_is_open(&self) -> Result<()> {
        match self.settings().sign_up.mode {
            SignUpMode::Open | SignUpMode::Restricted => Ok(()),
            SignUpMode::InvitationOnly => Err(Error::Denied(Denial::InvitationOnly)),
        }
    }
}
