//! Help for people: requests to come back, and what happened.

use std::time::Duration;

use anyhow::anyhow;
use housekey::{
    Error, Housekey,
    core::ids::RecoveryId,
    flows::{recovery::RecoveryKept, steward::EventView},
};
use serde_json::{Value, json};

use super::{stamp, words};

pub async fn recoveries(house: &Housekey) -> anyhow::Result<Value> {
    let shown = |kept: RecoveryKept| {
        json!({
            "id": kept.id.as_str(),
            "user": kept.user,
            "address": kept.address,
            "asked_at": stamp(kept.asked),
            "ends_at": stamp(kept.ends),
        })
    };
    let all = house.recoveries(&house.console_steward()).await.map_err(words)?;
    Ok(all.into_iter().map(shown).collect())
}

pub async fn shorten(house: &Housekey, id: &str, hours: u32) -> anyhow::Result<Value> {
    let wait = Duration::from_secs(u64::from(hours) * 3600);
    let done = house.recovery_shorten(&house.console_steward(), &read(id)?, wait).await;
    let ends = done.map_err(|why| match why {
        Error::Conflict => anyhow!("it ends before that anyway"),
        other => words(other),
    })?;
    Ok(json!({ "id": id, "ends_at": stamp(ends) }))
}

pub async fn deny(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    house.recovery_deny(&house.console_steward(), &read(id)?).await.map_err(words)?;
    Ok(json!({ "id": id }))
}

pub async fn event(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    let found = house.events_show(&house.console_steward(), id).await.map_err(|why| match why {
        Error::NotFound => anyhow!("nothing is known of it; a refusal for want of room alone leaves no event"),
        Error::Invalid(_) => anyhow!("neither the id of an event (evt_…) nor of a request (req_…)"),
        other => words(other),
    })?;
    let shown = |event: EventView| {
        json!({
            "id": event.id,
            "at": stamp(event.at),
            "kind": event.kind,
            "user": event.user,
            "client": event.client,
            "session": event.session,
            "door": event.door,
            "request": event.request,
            "figures": event.detail,
            "address": event.facts.as_ref().map(|facts| &facts.address),
            "browser": event.facts.as_ref().map(|facts| &facts.agent),
        })
    };
    Ok(found.into_iter().map(shown).collect())
}

fn read(id: &str) -> anyhow::Result<RecoveryId> {
    RecoveryId::try_from(id).map_err(|_| anyhow!("not the id of a request; `housekey recovery list` shows them"))
}
