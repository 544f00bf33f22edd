//! Challenges of the house's own in components, as protect checks: an attempt is answered with a script and what it has to
//! solve, the component runs it, and hands its proof back. What was sent stays in the browser meanwhile, but for secrets.

use super::{answer::Answer, knock::Knock};
use crate::{
    Contract,
    caller::{Cookies, Outcome},
    error::Error,
    flows::challenge::Poser,
};
use axum::response::Response;
use housekey_wire::frontend::{ProtectCheck, client::Client};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Fields of a call, for the component to send once more.
pub(super) type Held = BTreeMap<String, String>;

/// What the script gets.
#[derive(Serialize)]
struct Token {
    challenge: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
}

/// What it gives back.
#[derive(Deserialize)]
pub(super) struct Proof {
    /// The solved challenge.
    pub proof: String,
    /// The call that it stands in front of, where that is not an attempt yet.
    pub held: Option<Held>,
}

impl Knock {
    /// The check that is shown in place of a refusal, where a component stands behind the request that can run one: it
    /// loads scripts by https alone.
    pub(super) fn check(&self, error: &Error, held: Option<Held>) -> Option<ProtectCheck> {
        let Error::Challenge(due) = error else { return None };
        let house = &self.house;
        let runs = self.origin.is_some() && !self.native && house.public_url().scheme() == "https";
        if due.by != Poser::House || !runs || !house.0.contracts.contains(&Contract::Pages) {
            return None;
        }
        let script = house.0.pages.check(house.settings().mount.as_str())?;
        let posed = house.pose_challenge(*due).inspect_err(|error| tracing::error!(%error, "no challenge is posed"));
        let challenge = serde_json::from_str(&posed.ok()?).ok()?;
        Some(ProtectCheck {
            status: "pending",
            token: serde_json::to_string(&Token { challenge, held }).ok()?,
            sdk_url: house.public_url().join(&script).ok()?.into(),
        })
    }

    /// Those fields that may be held.
    pub(super) fn held(&self, names: &[&str]) -> Held {
        let given = names.iter().filter_map(|name| Some(((*name).to_owned(), self.text(name)?.to_owned())));
        given.collect()
    }

    /// What a component's script solved.
    pub(super) fn proof(&self) -> Result<Proof, Response> {
        let wrong = |_| self.refuse(Error::field("proof_token", "proof_incorrect"));
        serde_json::from_str(self.required("proof_token")?).map_err(wrong)
    }

    /// The call that was held, with what it was held for.
    pub(super) fn released(mut self, held: Held, proof: String, names: &[&str]) -> Self {
        self.caller.challenge = Some(proof);
        self.replace_form(held.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect());
        self
    }

    /// An attempt that waits for its check. It stands in the client as well, where components look for it.
    pub(super) async fn gated<B: Serialize + Clone>(
        &self,
        cookies: Cookies,
        attempt: B,
        stand: impl FnOnce(&mut Client, B),
    ) -> Answer {
        let shown = attempt.clone();
        self.answered_with(Outcome { value: (), cookies }, |(), _| attempt, |client| stand(client, shown)).await
    }
}
