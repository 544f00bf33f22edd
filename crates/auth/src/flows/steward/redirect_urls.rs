//! Addresses outside the apps' origins to which tickets may lead.

use super::{Paged, Steward};
use crate::{
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{event::EventKind, ids::RedirectUrlId, redirect::ReturnTo};
use serde_json::json;
use url::Url;

pub use housekey_store::redirect_urls::RedirectUrlRow as RedirectUrl;

const LONGEST: usize = 2_000;

impl Housekey {
    /// A page of them, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn redirect_urls(&self, _: &Steward, (most, offset): (i64, i64)) -> Result<Paged<RedirectUrl>> {
        let (items, total) = self.store().reader().redirect_urls(most, offset).await?;
        Ok(Paged { items, total })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn redirect_url(&self, _: &Steward, id: &str) -> Result<RedirectUrl> {
        self.store().reader().redirect_url(id).await?.ok_or(Error::NotFound)
    }

    /// Lists one: an https address, or one with an app's own scheme.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub async fn redirect_url_add(&self, by: &Steward, url: &str) -> Result<RedirectUrl> {
        let malformed = || Error::field("url", "url_malformed");
        let parsed = Url::parse(url).map_err(|_| malformed())?;
        let of_a_browser = matches!(parsed.scheme(), "javascript" | "data" | "blob" | "file" | "about" | "vbscript");
        let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1"));
        let in_the_clear = parsed.scheme() == "http" && !local;
        if url.len() > LONGEST || of_a_browser || in_the_clear || url.chars().any(char::is_control) {
            return Err(malformed());
        }
        let id = RedirectUrlId::new(self.now(), self.entropy()).to_string();
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"redirect_url": id})).await?;
        Ok(self.store().list_redirect_url(id, url.to_owned(), event).await?)
    }

    /// Takes one off the list.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn redirect_url_remove(&self, by: &Steward, id: &str) -> Result<()> {
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"redirect_url": id})).await?;
        if self.store().unlist_redirect_url(id.to_owned(), event).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Whether a ticket may lead there: an origin of the apps, or an address that is listed as it stands.
    pub(super) async fn may_lead_to(&self, url: &str) -> Result<()> {
        let known = ReturnTo::parse(url, self.origins()).is_ok();
        if known || self.store().reader().is_redirect_url(url).await? {
            return Ok(());
        }
        Err(Error::field("redirect_url", "redirect_url_not_listed"))
    }
}
