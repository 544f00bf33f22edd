//! Events looked up by whoever helps a person: by an event's id, or by the id that stood on the page.

use super::Steward;
use crate::{
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    event::ClientFacts,
    ids::{EventId, RequestId, UserId},
    time::Time,
};
use housekey_store::events::EventRow;
use serde_json::Value;
use std::time::Duration;

/// A request is over long before that.
const LONGEST_REQUEST: Duration = Duration::from_secs(600);

/// An event with all that is known of it.
#[derive(Clone, Debug)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Time,
    /// What.
    pub kind: String,
    /// About whom.
    pub user: Option<String>,
    /// On which client.
    pub client: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// By which door.
    pub door: String,
    /// In which request.
    pub request: String,
    /// Its figures.
    pub detail: Value,
    /// From where, and with what; none once the person was erased, or the day's key is gone.
    pub facts: Option<ClientFacts>,
}

impl Housekey {
    /// The event of this id, or all that a request did whose id this is.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none, [`Error::Invalid`] for what is neither.
    pub async fn events_show(&self, _: &Steward, id: &str) -> Result<Vec<EventView>> {
        let reader = self.store().reader();
        let rows = if let Ok(id) = EventId::try_from(id) {
            reader.event(&id).await?.into_iter().collect()
        } else if let Ok(id) = RequestId::try_from(id) {
            // An id tells its second; a clock that was set back a little is no reason to find nothing.
            let made = id.made();
            reader.events_of_request(&id, made.minus(LONGEST_REQUEST), made.plus(LONGEST_REQUEST)).await?
        } else {
            return Err(Error::field("id", "id_malformed"));
        };
        if rows.is_empty() {
            return Err(Error::NotFound);
        }
        let mut shown = Vec::new();
        for row in rows {
            shown.push(self.event_view(row).await?);
        }
        Ok(shown)
    }

    async fn event_view(&self, row: EventRow) -> Result<EventView> {
        let user = match row.user_id.as_deref().map(UserId::try_from) {
            Some(Ok(id)) => self.store().reader().user(&id).await?,
            _ => None,
        };
        let facts = self.open_event_facts(user.as_ref(), &row).await?;
        Ok(EventView {
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            id: row.id,
            at: row.at,
            kind: row.kind,
            user: row.user_id,
            client: row.client_id,
            session: row.session_id,
            door: row.door,
            request: row.request_id,
            facts,
        })
    }
}
