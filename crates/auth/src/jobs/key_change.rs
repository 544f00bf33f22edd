//! A new master key: what the former ones sealed is sealed anew, beside the requests, until no former key is needed.

use crate::{error::Result, housekey::Housekey};
use housekey_core::keyring::Place;
use housekey_store::sealed::{Resealed, SealedColumn};

/// Rows that one transaction seals anew.
const BATCH: i64 = 200;

impl Housekey {
    /// One pass over all that is sealed. The former keys are forgotten by the first pass that finds nothing to do: a
    /// node that was not restarted yet may have sealed with one of them while the pass before went on.
    pub(crate) async fn seal_anew(&self) {
        let former = self.keyring().former_ids();
        if former.is_empty() {
            return;
        }
        match self.seal_all_anew().await {
            Ok(0) => {
                for key in former {
                    match self.store().key_forget(key.clone()).await {
                        Ok(()) => tracing::info!(
                            key,
                            "nothing is sealed with this former key; it can leave the configuration"
                        ),
                        Err(error) => tracing::warn!(%error, "a former key could not be forgotten; it is tried again"),
                    }
                }
            }
            Ok(values) => tracing::info!(values, "sealed anew with the current key"),
            Err(error) => {
                tracing::warn!(%error, "what a former key sealed could not be sealed anew; it is tried again")
            }
        }
    }

    async fn seal_all_anew(&self) -> Result<usize> {
        let mut anew = 0;
        for column in SealedColumn::ALL {
            let mut after = String::new();
            loop {
                let rows = self.store().reader().sealed(column, &after, BATCH).await?;
                let Some((last, _)) = rows.last() else { break };
                after.clone_from(last);
                let values: Vec<_> = rows.into_iter().filter_map(|row| self.sealed_anew(column, row)).collect();
                anew += values.len();
                if !values.is_empty() {
                    self.store().reseal(column, values).await?;
                }
            }
        }
        Ok(anew)
    }

    /// A value that no given key opens stays as it is: another key might.
    fn sealed_anew(&self, column: SealedColumn, (row, from): (String, Vec<u8>)) -> Option<Resealed> {
        let place = Place { table: column.table(), column: column.column(), row: &row };
        if !self.keyring().is_outdated(&from) {
            return None;
        }
        let plain = self.keyring().open(place, &from).ok()?;
        let to = self.keyring().seal(place, plain.expose(), self.entropy());
        Some(Resealed { row, from, to })
    }
}
