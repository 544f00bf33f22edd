//! The chain over the audit trail (SEC-123): links are made a few seconds behind the events, and checked on demand.

use crate::{
    error::{Error, Result},
    housekey::Housekey,
};
use housekey_core::{
    entropy,
    event_chain::{ChainHead, ChainKey, Link},
    keyring::Place,
    secret::Secret,
};
use housekey_store::sealed::SealedColumn;
use std::{sync::Arc, time::Duration};

/// Links that one transaction makes.
const BATCH: i64 = 500;
/// Rows that one step of a check reads.
const PAGE: i64 = 1_000;
/// Younger events may not be linked yet.
const SETTLED: Duration = Duration::from_secs(60);
/// Faults that a report names.
const FAULTS: usize = 100;

/// What a check of the audit trail found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// Links that were read.
    pub links: u64,
    /// The last of them. Kept somewhere else, it tells the next check that nothing before it is gone.
    pub head: Option<ChainHead>,
    /// What is wrong: the first hundred.
    pub faults: Vec<ChainFault>,
}

/// One thing that is wrong with the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// An event is not as it was written, or its link is not.
    #[error("event {event} at link {number} was changed")]
    Changed {
        /// The link's number.
        number: i64,
        /// The event's id.
        event: String,
    },
    /// An event is gone.
    #[error("event {event} at link {number} was removed")]
    Removed {
        /// The link's number.
        number: i64,
        /// The event's id.
        event: String,
    },
    /// Links are gone.
    #[error("links {from} to {to} were removed")]
    Gap {
        /// The first that is gone.
        from: i64,
        /// The last that is gone.
        to: i64,
    },
    /// An old event that was never linked.
    #[error("event {event} was put in, or its link was removed")]
    Unlinked {
        /// The event's id.
        event: String,
    },
    /// The head that was kept is not in the chain.
    #[error("the chain no longer holds the head {head}")]
    HeadLost {
        /// The head as it was given.
        head: ChainHead,
    },
}

impl Housekey {
    /// Checks the whole audit trail: every link over its event. `kept` is the head of an earlier report; without it,
    /// the removal of the newest events with their links cannot be told.
    ///
    /// # Errors
    /// When the database is out of reach, or the chain's key cannot be opened.
    pub async fn verify_events(&self, kept: Option<ChainHead>) -> Result<ChainReport> {
        let key = self.chain_key().await?;
        let (mut report, mut before, mut number) = (ChainReport::default(), Link::NONE, 0);
        let mut is_kept = kept.is_none();
        loop {
            let rows = self.store().reader().links(number, PAGE).await?;
            let Some(last) = rows.last().map(|row| row.head) else { break };
            for row in rows {
                if row.head.number != number + 1 {
                    report.note(ChainFault::Gap { from: number + 1, to: row.head.number - 1 });
                }
                number = row.head.number;
                match &row.event {
                    None => report.note(ChainFault::Removed { number, event: row.event_id }),
                    Some(event) if key.link(&before, number, event) != row.head.link => {
                        report.note(ChainFault::Changed { number, event: row.event_id });
                    }
                    Some(_) => {}
                }
                before = row.head.link;
                is_kept |= kept == Some(row.head);
                report.links += 1;
            }
            report.head = Some(last);
        }
        for event in self.store().reader().unlinked(self.now().minus(SETTLED), PAGE).await? {
            report.note(ChainFault::Unlinked { event });
        }
        if let Some(head) = kept.filter(|_| !is_kept) {
            report.note(ChainFault::HeadLost { head });
        }
        Ok(report)
    }

    /// Links what was written since the last time.
    pub(crate) async fn link_events(&self) {
        let linked = async {
            let key = Arc::new(self.chain_key().await?);
            while self.store().link_events(key.clone(), BATCH).await? == BATCH {
                tokio::task::yield_now().await;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = linked.await {
            tracing::warn!(%error, "events could not be linked; it is tried again");
        }
    }

    async fn chain_key(&self) -> Result<ChainKey> {
        let column = SealedColumn::ChainKey;
        let place = || Place { table: column.table(), column: column.column(), row: self.instance().as_str() };
        let fresh = Secret::new(entropy::bytes::<32>(self.entropy()));
        let fresh = self.keyring().seal(place(), fresh.expose(), self.entropy());
        let sealed = self.store().chain_key(fresh).await?;
        let broken = || Error::Bug("the key of the event chain cannot be opened");
        let plain = self.keyring().open(place(), &sealed).map_err(|_| broken())?;
        let bytes: [u8; 32] = plain.expose().as_slice().try_into().map_err(|_| broken())?;
        Ok(ChainKey::new(&Secret::new(bytes)))
    }
}

impl ChainReport {
    fn note(&mut self, fault: ChainFault) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        }
    }
}
