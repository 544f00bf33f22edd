//! What webhooks tell, in the contract's form.

use super::convert::{backend, client, ms, user};
use crate::{
    flows::{
        steward::KeptSession,
        tell::{About, Channel, SessionEnd, Telling},
    },
    housekey::Housekey,
};
use housekey_core::{ids::MailId, session::Status};
use housekey_wire::{
    backend::Deleted,
    webhooks::{Email, Event, EventAttributes, HttpRequest, Session, Sms},
};
use serde::Serialize;
use serde_json::json;

/// A message's body.
pub(crate) fn body(house: &Housekey, telling: Telling) -> serde_json::Result<Vec<u8>> {
    let Telling { kind, at, from, about } = telling;
    let envelope = Event {
        object: "event",
        kind: kind.as_str(),
        data: (),
        timestamp: ms(at),
        instance_id: house.instance().to_string(),
        event_attributes: EventAttributes {
            http_request: HttpRequest { client_ip: from.address, user_agent: from.agent },
        },
    };
    match about {
        About::User(profile) => written(envelope, user::whole_user(house, &profile)),
        About::Gone(id) => {
            written(envelope, Deleted { object: "user", id: id.to_string(), deleted: true, external_id: None })
        }
        About::Session(view, end, profile) => {
            let kept = KeptSession { session: view.session.clone(), seen: view.last_seen };
            let session = housekey_wire::backend::Session {
                status: status(end, view.session.status),
                ..backend::session(house, &kept)
            };
            let latest_activity = Some(client::activity(&view));
            written(envelope, Session { session, latest_activity, user: user::whole_user(house, &profile) })
        }
        About::Invitation(view) => written(envelope, backend::invitation(*view)),
        About::Mail { id, channel: Channel::Sms, to, user, .. } => {
            let sms = Sms {
                object: "sms_message",
                id: format!("sms_{}", id.as_str().trim_start_matches(MailId::PREFIX)),
                slug: "verification_code",
                from_phone_number: house.settings().sms.from.clone().unwrap_or_default(),
                to_phone_number: to,
                phone_number_id: None,
                user_id: user.map(|id| id.to_string()),
                message: "",
                status: "queued",
                data: json!({}),
                delivered_by_clerk: true,
                created_at: ms(at),
            };
            written(envelope, sms)
        }
        About::Mail { id, channel: Channel::Mail, letter, to, user } => {
            let from = house.settings().mail_from.as_ref();
            let sender = from.map_or("no-reply", |sender| sender.email.typed());
            let email = Email {
                object: "email",
                id: format!("ema_{}", id.as_str().trim_start_matches(MailId::PREFIX)),
                slug: slug(letter),
                from_email_name: sender.split('@').next().unwrap_or_default().to_owned(),
                to_email_address: to,
                email_address_id: None,
                user_id: user.map(|id| id.to_string()),
                status: "queued",
                delivered_by_clerk: true,
                data: json!({ "app": {
                    "name": house.settings().name, "domain_name": house.clerk_host(), "url": house.home_address(),
                    "logo_image_url": house.logo_address(),
                }}),
            };
            written(envelope, email)
        }
        About::Nothing => written(envelope, json!({ "message": "This endpoint is told what happens." })),
    }
}

fn written<T: Serialize>(envelope: Event<()>, data: T) -> serde_json::Result<Vec<u8>> {
    let Event { object, kind, timestamp, instance_id, event_attributes, .. } = envelope;
    serde_json::to_vec(&Event { object, kind, data, timestamp, instance_id, event_attributes })
}

fn status(end: SessionEnd, open: Status) -> &'static str {
    match end {
        SessionEnd::Open => open.as_str(),
        SessionEnd::Ended => "ended",
        SessionEnd::Removed => "removed",
        SessionEnd::Replaced => "replaced",
        SessionEnd::Revoked => "revoked",
    }
}

/// What the contract calls a mail.
fn slug(letter: &'static str) -> &'static str {
    match letter {
        "sign_in_code" | "sign_up_code" | "sign_up_existing" | "verify_email_code" | "step_up_code" => {
            "verification_code"
        }
        "reset_code" => "reset_password_code",
        "invitation" => "invitation",
        "notice_password_changed" => "password_changed",
        "notice_primary_changed" | "notice_primary_replaced" => "primary_email_address_changed",
        "notice_new_device" => "new_device_sign_in",
        other => other,
    }
}
