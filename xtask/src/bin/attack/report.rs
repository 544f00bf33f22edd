//! The table in docs/protection.md.

use std::fs;

use anyhow::{Context, Result};

use crate::attack::{Guard, Shape, Told};

const FROM: &str = "<!-- attack: begin -->";
const TO: &str = "<!-- attack: end -->";

/// What one attack came to.
pub struct Row {
    pub shape: Shape,
    pub guard: Guard,
    pub told: Told,
}

impl Row {
    /// Where it stands in the table.
    pub fn place(&self) -> (Option<usize>, Option<usize>) {
        let shape = Shape::ALL.iter().position(|shape| *shape == self.shape);
        (shape, Guard::ALL.iter().position(|guard| *guard == self.guard))
    }

    pub fn line(&self) -> String {
        let Told { judged, stopped, opened, asked, known_disturbed, new_challenged, new_vouched, new_refused } =
            &self.told;
        format!(
            "| {} | {} | {judged} | {stopped} | {opened} | {asked} | {known_disturbed} | {new_challenged} | {new_vouched} | {new_refused} |",
            self.shape.words(),
            self.guard.words()
        )
    }
}

/// Writes the table in its place.
pub fn write(rows: &[Row]) -> Result<()> {
    let file = xtask::workspace()?.join("docs/protection.md");
    let page = fs::read_to_string(&file)?;
    let (before, rest) = page.split_once(FROM).context("docs/protection.md has no place for the table")?;
    let (_, after) = rest.split_once(TO).context("docs/protection.md has no end of the table")?;
    let head = "| attack | protections | guesses compared | right guesses that opened nothing by themselves | accounts opened | challenges asked | owners on a known device \
                not let in at once | owners on a new device asked for a challenge | asked for a mailed code | owners on a new device \
                whose password was not taken |\n|---|---|---|---|---|---|---|---|---|---|";
    let lines: Vec<String> = rows.iter().map(Row::line).collect();
    fs::write(&file, format!("{before}{FROM}\n{head}\n{}\n{TO}{after}", lines.join("\n")))?;
    Ok(())
}
