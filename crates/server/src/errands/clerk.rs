//! Keys of Clerk's contract.

use anyhow::anyhow;
use housekey::{
    Housekey,
    core::{
        ids::SecretKeyId,
        token::secret_key::{Environment, publishable},
    },
    flows::secret_keys::SecretKeyView,
};
use serde_json::{Value, json};

use super::{console, stamp, words};

pub async fn secret_key_new(house: &Housekey, name: &str, test: bool) -> anyhow::Result<Value> {
    let environment = if test { Environment::Test } else { Environment::Live };
    let (id, key) = house.secret_key_new(&console(house), name, environment).await.map_err(words)?;
    Ok(json!({
        "id": id.as_str(),
        "publishable_key": publishable(environment, house.clerk_host()),
        "secret_key": key.reveal(),
        "jwt_key": house.signing().await.map_err(words)?.active().public_pem(),
        "url": house.public_url().as_str().trim_end_matches('/'),
    }))
}

pub async fn secret_key_list(house: &Housekey) -> anyhow::Result<Value> {
    let keys = house.secret_keys().await.map_err(words)?;
    let shown = |key: SecretKeyView| {
        json!({
            "id": key.id.as_str(),
            "name": key.name,
            "ends_in": key.hint,
            "created_at": stamp(key.created),
            "last_used_at": key.last_used.and_then(stamp),
            "revoked_at": key.revoked.and_then(stamp),
        })
    };
    Ok(keys.into_iter().map(shown).collect())
}

pub async fn secret_key_revoke(house: &Housekey, id: &str) -> anyhow::Result<Value> {
    let id = SecretKeyId::try_from(id)
        .map_err(|_| anyhow!("not the id of a secret key; `housekey clerk keys list` shows them"))?;
    house.secret_key_revoke(&console(house), &id).await.map_err(words)?;
    Ok(json!({ "id": id.as_str() }))
}

pub async fn signing_key_next(house: &Housekey) -> anyhow::Result<Value> {
    let pem = house.signing_key_next(&console(house)).await.map_err(words)?;
    Ok(json!({ "jwt_key": pem }))
}

pub async fn signing_key_activate(house: &Housekey) -> anyhow::Result<Value> {
    let pem = house.signing_key_activate(&console(house)).await.map_err(words)?;
    Ok(json!({ "jwt_key": pem }))
}
