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
        self.address_is_taken_in(email).await?;
        match self.settings().sign_up.mode {
            SignUpMode::Restricted => {
                let reader = self.store().reader();
                match reader.is_listed(List::Allow, email.canonical(), &whole_domain(email)).await? {
                    true => Ok(()),
                    false => Err(Error::Denied(Denial::NotAllowed)),
                }
            }
            _ => self.sign_up_is_open(),
        }
    }

    /// Whether an address is of a kind that is taken here, whoever may sign up.
    pub(crate) async fn address_is_taken_in(&self, email: &Email) -> Result<()> {
        if self.store().reader().is_listed(List::Block, email.canonical(), &whole_domain(email)).await? {
            return Err(Error::Denied(Denial::NotAllowed));
        }
        if self.0.disposable.has(email.domain()) {
            return Err(Error::field("email", "email_disposable"));
        }
        let tagged = email.is_subaddress() && !self.is_for_tests(email);
        if self.settings().sign_up.block_subaddresses && tagged {
            return Err(Error::field("email", "email_subaddress"));
        }
        Ok(())
    }

    /// Whether somebody without an invitation may begin a sign-up, whatever the address will be.
    ///
    /// # Errors
    /// [`Denial::InvitationOnly`] or [`Denial::Waitlist`].
    pub fn sign_up_is_open(&self) -> Result<()> {
        match self.settings().sign_up.mode {
            SignUpMode::Open | SignUpMode::Restricted => Ok(()),
            SignUpMode::InvitationOnly => Err(Error::Denied(Denial::InvitationOnly)),
            SignUpMode::Waitlist => Err(Error::Denied(Denial::Waitlist)),
        }
    }
}

fn whole_domain(email: &Email) -> String {
    format!("*@{}", email.domain())
}
