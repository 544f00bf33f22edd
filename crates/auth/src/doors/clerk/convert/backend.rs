//! What the Backend API alone shows.

use super::{client, ms, object};
use crate::{
    flows::steward::{
        InvitationView, KeptClient, KeptSession, ListedView, RedirectUrl, Status, TemplateView, TicketView,
        WaitingView, WhichList,
    },
    housekey::Housekey,
};
use housekey_wire::backend as wire;

/// A session.
pub(crate) fn session(house: &Housekey, kept: &KeptSession) -> wire::Session {
    let shown = client::bare(house, &kept.session, kept.seen);
    wire::Session {
        object: "session",
        id: shown.id,
        user_id: kept.session.user.to_string(),
        client_id: kept.session.client.to_string(),
        actor: shown.actor,
        status: shown.status,
        last_active_organization_id: None,
        last_active_at: shown.last_active_at,
        expire_at: shown.expire_at,
        abandon_at: shown.abandon_at,
        created_at: shown.created_at,
        updated_at: shown.updated_at,
    }
}

/// A client.
pub(crate) fn client(house: &Housekey, kept: &KeptClient) -> wire::Client {
    let sessions: Vec<wire::Session> = kept
        .sessions
        .iter()
        .map(|open| session(house, &KeptSession { session: open.session.clone(), seen: open.seen }))
        .collect();
    wire::Client {
        object: "client",
        id: kept.id.to_string(),
        session_ids: sessions.iter().map(|session| session.id.clone()).collect(),
        sessions,
        sign_in_id: kept.sign_in.as_ref().map(|attempt| attempt.id.to_string()),
        sign_up_id: kept.sign_up.as_ref().map(|attempt| attempt.id.to_string()),
        last_active_session_id: kept.active.as_ref().map(ToString::to_string),
        last_authentication_strategy: None,
        created_at: ms(kept.created),
        updated_at: ms(kept.changed),
    }
}

/// A ticket.
pub(crate) fn ticket(view: TicketView) -> wire::SignInToken {
    let (token, url) = view.shown.unzip();
    wire::SignInToken {
        object: "sign_in_token",
        id: view.id.to_string(),
        user_id: view.user.to_string(),
        status: view.state,
        token,
        url,
        created_at: ms(view.created),
        updated_at: ms(view.updated),
    }
}

/// An invitation.
pub(crate) fn invitation(view: InvitationView) -> wire::Invitation {
    wire::Invitation {
        object: "invitation",
        id: view.id.to_string(),
        email_address: view.address,
        public_metadata: object(&view.public_metadata),
        revoked: view.status == Status::Revoked,
        status: view.status.as_str(),
        url: view.link,
        expires_at: Some(ms(view.expires)),
        created_at: ms(view.created),
        updated_at: ms(view.updated),
    }
}

/// An entry of the waitlist.
pub(crate) fn waiting(view: WaitingView) -> wire::WaitlistEntry {
    wire::WaitlistEntry {
        object: "waitlist_entry",
        id: view.id,
        email_address: view.address,
        status: view.state,
        is_locked: false,
        created_at: ms(view.created),
        updated_at: ms(view.updated),
        invitation: view.invitation.map(invitation),
    }
}

/// The published name of a list's entries.
pub(crate) fn listed_object(list: WhichList) -> &'static str {
    match list {
        WhichList::Allow => "allowlist_identifier",
        WhichList::Block => "blocklist_identifier",
    }
}

/// An entry of a list.
pub(crate) fn listed(house: &Housekey, list: WhichList, view: ListedView) -> wire::ListedIdentifier {
    wire::ListedIdentifier {
        object: listed_object(list),
        id: view.id,
        identifier: view.identifier,
        identifier_type: "email_address",
        instance_id: house.instance().to_string(),
        created_at: ms(view.created),
        updated_at: ms(view.updated),
    }
}

/// A template.
pub(crate) fn template(view: TemplateView) -> wire::JwtTemplate {
    wire::JwtTemplate {
        object: "jwt_template",
        id: view.id.to_string(),
        name: view.name,
        claims: object(&view.claims),
        lifetime: view.lifetime,
        allowed_clock_skew: view.allowed_clock_skew,
        custom_signing_key: view.algorithm != "RS256",
        signing_algorithm: view.algorithm,
        created_at: ms(view.created),
        updated_at: ms(view.updated),
    }
}

/// An address that tickets may lead to.
pub(crate) fn redirect_url(row: RedirectUrl) -> wire::RedirectUrl {
    wire::RedirectUrl {
        object: "redirect_url",
        id: row.id,
        url: row.url,
        created_at: ms(row.created),
        updated_at: ms(row.updated),
    }
}
