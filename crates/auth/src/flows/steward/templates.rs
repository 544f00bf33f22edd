//! Templates of tokens for other services.

use super::Steward;
use crate::{
    error::{Error, Fault, Result},
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind, ids::JwtTemplateId, keyring::Place, secret::Secret, time::Time, token::template,
};
use housekey_store::{StoreError, jwt_templates::JwtTemplateRow};
use serde_json::json;

const LONGEST_NAME: usize = 64;
const MOST_CLAIMS: usize = 8 * 1024;
/// A key that is shorter can be guessed (RFC 7518, 3.2).
const SHORTEST_KEY: usize = 32;

/// A template as stewards write one.
pub struct TemplateForm {
    /// Its name, by which apps ask for a token.
    pub name: String,
    /// A JSON object with shortcodes.
    pub claims: String,
    /// How long a token lives, in seconds.
    pub lifetime: i64,
    /// How far clocks may differ, in seconds.
    pub allowed_clock_skew: i64,
    /// A key shared with the other service (HS256); without one, tokens are signed as session tokens are.
    pub signing_key: Option<Secret<String>>,
}

/// A template as stewards see it.
#[derive(Clone, Debug)]
pub struct TemplateView {
    /// Its id.
    pub id: JwtTemplateId,
    /// Its name.
    pub name: String,
    /// A JSON object with shortcodes.
    pub claims: String,
    /// How long a token lives, in seconds.
    pub lifetime: i64,
    /// How far clocks may differ, in seconds.
    pub allowed_clock_skew: i64,
    /// `RS256`, or `HS256` with a key of its own.
    pub algorithm: String,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Housekey {
    /// All templates, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn templates(&self, _: &Steward) -> Result<Vec<TemplateView>> {
        Ok(self.store().reader().jwt_templates().await?.into_iter().map(view).collect())
    }

    /// One template.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn template(&self, _: &Steward, id: &JwtTemplateId) -> Result<TemplateView> {
        self.store().reader().jwt_template(id).await?.map(view).ok_or(Error::NotFound)
    }

    /// Keeps a new template, or another form of the one with this id.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, [`Error::NotFound`] for an unknown id.
    pub async fn template_keep(
        &self,
        by: &Steward,
        id: Option<&JwtTemplateId>,
        form: TemplateForm,
    ) -> Result<TemplateView> {
        let faults = faults(&form);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let now = self.now();
        let old = match id {
            Some(id) => Some(self.store().reader().jwt_template(id).await?.ok_or(Error::NotFound)?),
            None => None,
        };
        let is_new = old.is_none();
        let (id, created) = match old {
            Some(old) => (old.id, old.created),
            None => (JwtTemplateId::new(now, self.entropy()), now),
        };
        let place = Place { table: "housekey_jwt_template", column: "signing_key", row: id.as_str() };
        let sealed =
            form.signing_key.as_ref().map(|key| self.keyring().seal(place, key.expose().as_bytes(), self.entropy()));
        let row = JwtTemplateRow {
            id: id.clone(),
            name: form.name,
            claims: form.claims,
            lifetime: form.lifetime,
            allowed_clock_skew: form.allowed_clock_skew,
            algorithm: (if sealed.is_some() { "HS256" } else { "RS256" }).to_owned(),
            signing_key: sealed,
            created,
            updated: now,
        };
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"template": id.as_str()})).await?;
        match self.store().put_jwt_template(row.clone(), is_new, event).await {
            Err(StoreError::Taken(_)) => Err(Error::field("name", "template_name_taken")),
            other => other.map(|()| view(row)).map_err(Error::from),
        }
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn template_delete(&self, by: &Steward, id: &JwtTemplateId) -> Result<()> {
        let event = self.instance_event(by, EventKind::InstanceChanged, json!({"template": id.as_str()})).await?;
        if self.store().delete_jwt_template(id, event).await? { Ok(()) } else { Err(Error::NotFound) }
    }
}

fn faults(form: &TemplateForm) -> Vec<Fault> {
    let mut faults = Vec::new();
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if form.name.is_empty() || form.name.len() > LONGEST_NAME || !form.name.chars().all(named) {
        faults.push(Fault::new("name", "name_malformed"));
    }
    if form.claims.len() > MOST_CLAIMS {
        faults.push(Fault::new("claims", "metadata_too_large"));
    } else if template::parse(&form.claims).is_err() {
        faults.push(Fault::new("claims", "template_unreadable"));
    }
    if !(30..=315_360_000).contains(&form.lifetime) {
        faults.push(Fault::new("lifetime", "out_of_range"));
    }
    if !(0..=300).contains(&form.allowed_clock_skew) {
        faults.push(Fault::new("allowed_clock_skew", "out_of_range"));
    }
    if form.signing_key.as_ref().is_some_and(|key| key.expose().len() < SHORTEST_KEY) {
        faults.push(Fault::new("signing_key", "key_too_short"));
    }
    faults
}

fn view(row: JwtTemplateRow) -> TemplateView {
    TemplateView {
        id: row.id,
        name: row.name,
        claims: row.claims,
        lifetime: row.lifetime,
        allowed_clock_skew: row.allowed_clock_skew,
        algorithm: row.algorithm,
        created: row.created,
        updated: row.updated,
    }
}
