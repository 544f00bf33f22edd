//! From the start of the process to its first answer, on a database that is
//! there already.

use std::time::Duration;

use anyhow::Result;

use super::figures::{Figures, ms, percentile};
use crate::drive::server::Place;

const STARTS: usize = 21;

/// Starts again and again on the same folder.
pub async fn measure(figures: &mut Figures) -> Result<()> {
    let place = Place::new("start")?;
    place.start().await?.kill()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let server = place.start().await?;
        times.push(server.took);
        server.stop().await?;
    }
    let median = percentile(&mut times, 50);
    let worst = percentile(&mut times, 100);
    figures.note(
        "Cold start to first answer, existing SQLite database",
        format!("{} median, {} worst of {STARTS}", ms(median), ms(worst)),
        "under 100 ms",
        worst < Duration::from_millis(100),
    );
    Ok(())
}
