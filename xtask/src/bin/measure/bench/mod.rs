//! `cargo xtask bench`: every promise about speed, measured and compared
//! within one run, and written to docs/performance.md.

mod breach;
mod figures;
mod gate;
mod guard;
mod layer;
mod memory;
mod scale;
mod seed;
mod sign_in;
mod start;
mod store;
mod tokens;
mod webhooks;

use anyhow::Result;

use figures::Figures;

/// Measures all, or what is named; true if every goal was reached.
pub async fn run(only: &[String]) -> Result<bool> {
    let asked = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    let mut figures = Figures::default();
    if asked("layer") {
        layer::measure(&mut figures).await?;
    }
    if asked("store") {
        store::measure(&mut figures).await?;
    }
    if asked("sign-in") {
        sign_in::measure(&mut figures).await?;
    }
    if asked("tokens") {
        tokens::measure(&mut figures).await?;
    }
    if asked("guard") {
        guard::measure(&mut figures).await?;
    }
    if asked("breach") {
        breach::measure(&mut figures)?;
    }
    if asked("gate") {
        gate::measure(&mut figures).await?;
    }
    if asked("start") {
        start::measure(&mut figures).await?;
    }
    if asked("memory") {
        memory::measure(&mut figures).await?;
    }
    if asked("scale") {
        scale::measure(&mut figures).await?;
    }
    if asked("webhooks") {
        webhooks::measure(&mut figures).await?;
    }
    figures.print();
    if only.is_empty() {
        figures.write()?;
    }
    Ok(figures.all_met())
}
