//! Endpoints of webhooks.

use anyhow::{anyhow, bail};
use housekey::{
    Error, Housekey,
    core::{
        ids::{EndpointId, MessageId},
        time::Time,
    },
    flows::webhooks::{EndpointView, Replay},
    outbound::OutboundFault,
};
use serde_json::{Value, json};

use super::{console, stamp};

pub async fn add(house: &Housekey, url: &str, events: &[String], description: &str) -> anyhow::Result<Value> {
    let made = house.webhook_add(&console(house), url, events, description).await;
    let (id, secret) = made.map_err(words)?;
    Ok(json!({ "id": id.as_str(), "url": url, "secret": secret.expose() }))
}

pub async fn list(house: &Housekey) -> anyhow::Result<Value> {
    let shown = |view: EndpointView| {
        json!({
            "id": view.id.as_str(),
            "url": view.url,
            "description": view.description,
            "events": view.events,
            "source": view.source,
            "enabled": view.enabled,
            "reason": view.reason,
            "failing_since": view.failing_since.and_then(stamp),
            "waiting": view.deliveries.waiting,
            "done": view.deliveries.done,
            "failed": view.deliveries.failed,
            "created_at": stamp(view.created),
        })
    };
    Ok(house.webhook_list().await.map_err(words)?.into_iter().map(shown).collect())
}

pub async fn remove(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    house.webhook_remove(&console(house), &read(id)?).await.map_err(words)?;
    Ok(json!({ "id": id }))
}

pub async fn switch(house: &Housekey, id: &str, on: bool) -> anyhow::Result<Value> {
    let (caller, of) = (console(house), read(id)?);
    match on {
        true => house.webhook_enable(&caller, &of).await,
        false => house.webhook_disable(&caller, &of).await,
    }
    .map_err(words)?;
    Ok(json!({ "id": id, "enabled": on }))
}

pub async fn rotate(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    let secret = house.webhook_rotate(&console(house), &read(id)?).await.map_err(words)?;
    Ok(json!({ "id": id, "secret": secret.expose() }))
}

pub async fn test(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    let tried = house.webhook_test(&console(house), &read(id)?).await.map_err(words)?;
    let why = tried.fault.map(|fault| fault.to_string());
    let millis = u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX);
    Ok(json!({ "id": id, "taken": tried.taken(), "status": tried.status, "why": why, "milliseconds": millis }))
}

pub async fn replay(
    house: &Housekey,
    id: &str,
    since: Option<String>,
    message: Option<String>,
) -> anyhow::Result<Value> {
    let what = match (since, message) {
        (None, Some(message)) => Replay::Message(
            MessageId::try_from(message.as_str())
                .map_err(|_| anyhow!("not the id of a message: it begins with msg_"))?,
        ),
        (Some(since), None) => {
            let at: jiff::Timestamp =
                since.parse().map_err(|_| anyhow!("not a time: write it as 2026-11-23T08:00:00Z"))?;
            Replay::Since(Time::from_millis(at.as_millisecond()))
        }
        _ => bail!("say what to replay: --since TIME or --message ID"),
    };
    let messages = house.webhook_replay(&read(id)?, what).await.map_err(words)?;
    Ok(json!({ "id": id, "messages": messages }))
}

fn read(id: &str) -> anyhow::Result<EndpointId> {
    EndpointId::try_from(id).map_err(|_| anyhow!("not the id of an endpoint; `housekey webhook list` shows them"))
}

/// A refusal, for people.
fn words(why: Error) -> anyhow::Error {
    let Error::Invalid(faults) = &why else { return super::words(why) };
    let said = |code: &str| match code {
        "event_unknown" => "no such event; there are user.*, session.*, email.* and invitation.*, or single ones of \
             these, as user.created"
            .to_owned(),
        "too_many_endpoints" => "there are fifty endpoints already".to_owned(),
        "endpoint_of_config" => "the configuration keeps this endpoint: change `webhooks.endpoints`".to_owned(),
        "endpoint_disabled" => "the endpoint is switched off; `housekey webhook enable` it first".to_owned(),
        "description_malformed" => "the description is too long, or not one line".to_owned(),
        other => [OutboundFault::Malformed, OutboundFault::Scheme, OutboundFault::Refused]
            .into_iter()
            .find(|fault| fault.code() == other)
            .map_or_else(
                || other.to_owned(),
                |fault| format!("{fault}; `webhooks.allowed_networks` lists networks that may be reached"),
            ),
    };
    anyhow!("{}", faults.iter().map(|fault| said(fault.code)).collect::<Vec<_>>().join(", "))
}
