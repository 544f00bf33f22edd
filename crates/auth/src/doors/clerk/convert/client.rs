//! Clients and sessions.

use super::{ms, sign_in, sign_up, user};
use crate::{
    flows::{
        clients::{ClientView, SessionOf},
        session::SessionView,
    },
    housekey::Housekey,
};
use housekey_core::{session::Session as Kept, time::Time};
use housekey_wire::frontend::{
    Token,
    client::{Activity, Client, PublicUserData, Session, Task},
};

/// A client.
pub(crate) fn client(house: &Housekey, view: &ClientView) -> Client {
    Client {
        object: "client",
        id: view.id.to_string(),
        sessions: view.sessions.iter().map(|open| session(house, open)).collect(),
        sign_in: view.sign_in.as_ref().map(|attempt| sign_in::sign_in(house, attempt, Some(view.id.as_str()))),
        sign_up: view.sign_up.as_ref().map(|attempt| sign_up::sign_up(house, attempt, Some(view.id.as_str()))),
        last_active_session_id: view.active.as_ref().map(ToString::to_string),
        last_authentication_strategy: None,
        cookie_expires_at: (!view.sessions.is_empty()).then(|| ms(view.expires)),
        captcha_bypass: false,
        created_at: ms(view.created),
        updated_at: ms(view.changed),
    }
}

/// A session with its user.
pub(crate) fn session(house: &Housekey, open: &SessionOf) -> Session {
    Session {
        user: Some(user::user(house, &open.user)),
        public_user_data: Some(public_data(house, open)),
        ..bare(house, &open.session, open.seen)
    }
}

/// A session alone.
pub(crate) fn bare(house: &Housekey, session: &Kept, seen: Time) -> Session {
    let policy = &house.settings().sessions;
    let idle = if session.remembered { policy.remembered_idle } else { policy.idle };
    let now = house.now();
    let age = |proved: Time| i64::try_from(now.since(proved).as_secs() / 60).unwrap_or(i64::MAX);
    let first = if session.is_guest() { -1 } else { age(session.first_proved) };
    Session {
        object: "session",
        id: session.id.to_string(),
        status: session.status.as_str(),
        expire_at: ms(seen.plus(idle).min(session.expires)),
        abandon_at: ms(session.expires),
        last_active_at: ms(seen),
        last_active_organization_id: None,
        actor: None,
        tasks: session.tasks.iter().map(|task| Task { key: task.as_str() }).collect(),
        user: None,
        public_user_data: None,
        factor_verification_age: [first, session.second_proved.map_or(-1, age)],
        last_active_token: None,
        created_at: ms(session.created),
        updated_at: ms(seen),
    }
}

/// A token.
pub(crate) fn token(jwt: String) -> Token {
    Token { object: Token::OBJECT, jwt }
}

fn public_data(house: &Housekey, open: &SessionOf) -> PublicUserData {
    PublicUserData {
        first_name: open.user.first_name.clone(),
        last_name: open.user.last_name.clone(),
        image_url: user::image_url(house, &open.user),
        has_image: open.user.picture.is_some(),
        identifier: open.user.primary_address().unwrap_or_default().to_owned(),
        user_id: open.user.id.to_string(),
        username: None,
    }
}

/// From where and with what a session was begun.
pub(crate) fn activity(view: &SessionView) -> Activity {
    let known = |name: &str| Some(name.to_owned()).filter(|n| n != "UNKNOWN" && !n.is_empty());
    let parsed = woothee::parser::Parser::new().parse(&view.facts.agent);
    let category = parsed.as_ref().map_or("", |p| p.category);
    Activity {
        object: "session_activity",
        id: format!("sess_activity_{}", view.id.as_str().trim_start_matches("sess_")),
        device_type: parsed.as_ref().and_then(|p| known(p.os)),
        is_mobile: matches!(category, "smartphone" | "mobilephone"),
        browser_name: parsed.as_ref().and_then(|p| known(p.name)),
        browser_version: parsed.as_ref().and_then(|p| known(p.version)),
        ip_address: Some(view.facts.address.clone()).filter(|a| !a.is_empty()),
        city: None,
        country: None,
    }
}
