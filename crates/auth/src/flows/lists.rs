//! Who may sign up: the lists that an operator keeps.

use crate::{
    error::{Denial, Error, Result},
    housekey::Housekey,
};
use housekey_core::identifier::email::Email;
use housekey_store::listed::List;

impl Housekey {
    /// Whether an address may sign up at all. That is the instance's policy and tells nothing about accounts.
    pub(crate) async fn may_sign_up(&self, email: &Email) -> Result<()> {
        let address = email.canonical();
        let domain = address.rsplit_once('@').map_or(String::new(), |(_, domain)| format!("*@{domain}"));
        let reader = self.store().reader();
        let blocked = reader.is_listed(List::Block, address, &domain).await?;
        let allowed = !self.settings().allowlist_only || reader.is_listed(List::Allow, address, &domain).await?;
        if allowed && !blocked { Ok(()) } else { Err(Error::Denied(Denial::NotAllowed)) }
    }
}
