//! The outside services of a house: those that were given, else those of its settings.

use super::faults::{BuildFault, read_part};
use crate::{
    captcha,
    mail::{Caught, Mailer, Smtp},
    outbound::Outbound,
    settings::{Gateway, Settings},
    sms::{self, SmsGateway},
    world::World,
};
use std::sync::Arc;

/// What takes letters where nobody gave anything.
pub(super) fn default_mailer(
    settings: &Settings,
    development: bool,
    faults: &mut Vec<BuildFault>,
) -> Option<Arc<dyn Mailer>> {
    match &settings.smtp_url {
        Some(url) => read_part(faults, Smtp::new(url.expose())).map(|smtp| Arc::new(smtp) as Arc<dyn Mailer>),
        None if development => Some(Arc::new(Caught::default())),
        // Reported by the settings' own check, with what to write.
        None => None,
    }
}

/// The world with what takes messages to phones: the one that was given, or the one of the settings.
pub(super) fn with_gateway(
    world: World,
    given: Option<Arc<dyn SmsGateway>>,
    settings: &Settings,
    faults: &mut Vec<BuildFault>,
) -> World {
    let sms = given.or(world.sms.clone()).or_else(|| {
        let outbound = Outbound::new(world.names.clone(), settings.webhooks.allowed_networks.clone());
        sms::gateway(&settings.sms, &outbound).unwrap_or_else(|(key, what)| {
            let instead = format!("`{key}` as docs/reference/configuration.md describes it");
            faults.push(BuildFault::Setting { key: key.to_owned(), what, instead });
            None
        })
    });
    if sms.is_none() && settings.identifiers.phone.is_on() && settings.sms.gateway == Gateway::Off {
        faults.push(BuildFault::Setting {
            key: "identifiers.phone_number".to_owned(),
            what: "on, and nobody takes messages to phones".to_owned(),
            instead: "`sms.gateway` too, or call .sms_gateway(…)".to_owned(),
        });
    }
    World { sms, ..world }
}

/// The world with who looks tokens of a provider up: its own, or the one of the settings.
pub(super) fn with_captcha(world: World, settings: &Settings, faults: &mut Vec<BuildFault>) -> World {
    let captcha = world.captcha.clone().or_else(|| {
        let made = captcha::verifier(&settings.bots, &world, &settings.webhooks.allowed_networks);
        made.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        })
    });
    World { captcha, ..world }
}
