//! How people are told from programs.

use super::super::{ChallengedSignUps, Key, Kind, Scope, Settings, Value};

pub(super) const SIGN_UP: Key<Settings> = Key {
    name: "bot_protection.sign_up",
    kind: Kind::Choice(&["on_risk", "always"]),
    scope: Scope::Policy,
    doc: "Which sign-ups have to solve a challenge: those beyond the limit of their network address, or all. It asks \
          nothing of people. With `always` nobody signs up in Clerk's components, which cannot solve the built-in one.",
    unset: "",
    example: "\"always\"",
    set: |s, v| {
        s.bots.sign_up = match v.text()?.as_str() {
            "always" => ChallengedSignUps::Always,
            _ => ChallengedSignUps::OnRisk,
        };
        Ok(())
    },
    show: |s| {
        let word = match s.bots.sign_up {
            ChallengedSignUps::OnRisk => "on_risk",
            ChallengedSignUps::Always => "always",
        };
        Some(Value::Text(word.to_owned()))
    },
};
