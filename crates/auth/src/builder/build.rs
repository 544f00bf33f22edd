//! From what was given to a house that stands.

use super::{
    BuildError, BuildFault, Builder, LOOPBACK,
    faults::read_part,
    world::{default_mailer, with_captcha, with_gateway},
};
use crate::{
    breach::Breach,
    captcha::Captcha,
    disposable::Disposable,
    doors::{self, pages::Pages},
    drawing::Drawing,
    flows::{challenge::Unrest, clients::ClientCache, secret_keys::SecretKeys, tell::HouseTeller},
    housekey::{ClerkHost, Housekey, Inner},
    keys::{self, Found, Key},
    mail::{Letterhead, Letters},
    outbound::Outbound,
    passkeys::RelyingParty,
    places,
    seen::Seen,
    sessions::SessionCache,
    settings::Mode,
    world::World,
};
use housekey_core::{challenge::ChallengeKeys, entropy, redirect::Origins, secret::Secret};
use ipnet::IpNet;
use std::sync::{Arc, Mutex, OnceLock, RwLock, atomic::AtomicI64};
use tokio::sync::Notify;

impl Builder {
    /// Checks everything, migrates where that was asked for, reads the key's check value from the database, and makes the
    /// endpoints that the configuration names for webhooks. Starts nothing.
    ///
    /// # Errors
    /// Every fault at once.
    pub async fn build(self) -> Result<Housekey, BuildError> {
        let Self {
            store,
            settings,
            key,
            old_keys,
            mailer,
            sms,
            world,
            clock,
            migrate,
            contracts,
            bundles,
            hooks,
            places,
            limits,
            mut faults,
        } = self;
        for (key, wrong) in settings.faults() {
            faults.push(BuildFault::Setting { key: key.to_owned(), what: wrong.what, instead: wrong.write });
        }
        if settings.public_url.is_none() {
            faults.push(BuildFault::NoPublicUrl);
        }
        let current = match key.map(Key::find) {
            Some(Ok(key)) => Some(key),
            Some(Err(fault)) => {
                faults.push(fault.into());
                None
            }
            None => {
                faults.push(BuildFault::NoKey);
                None
            }
        };
        let mut old = Vec::new();
        for key in old_keys {
            match key.read() {
                Ok(key) => old.push(key),
                Err(fault) => faults.push(fault.into()),
            }
        }
        let (Some(public_url), Some(current)) = (settings.public_url.clone(), current) else {
            return Err(BuildError(faults));
        };
        let letters =
            read_part(&mut faults, Letters::new(Letterhead::of(&settings, &public_url), settings.templates.as_deref()));
        let pages = read_part(&mut faults, Pages::new(&settings));
        let forwarded = settings.clerk.proxy_urls.iter().map(|url| url.origin().ascii_serialization());
        let listed: Vec<String> = settings.app_origins.iter().cloned().chain(forwarded).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let origins = read_part(&mut faults, Origins::new(&public_url, &listed));
        let development = settings.mode() == Mode::Development;
        let mut networks = settings.webhooks.allowed_networks.clone();
        if development {
            networks.extend(LOOPBACK.iter().filter_map(|text| text.parse::<IpNet>().ok()));
        }
        let breach = Breach::open(&settings.breach).await.map_err(|fault| faults.push(fault)).ok();
        let places = match places {
            Some(places) => Some(places),
            None => places::open(settings.risk.geoip_file.as_ref()).await.unwrap_or_else(|fault| {
                faults.push(fault);
                None
            }),
        };
        let disposable = Disposable::open(&settings.sign_up).map_err(|fault| faults.push(fault)).ok();
        let world = match world {
            Some(world) => Some(world),
            None => {
                let mailer = mailer.map_or_else(|| default_mailer(&settings, development, &mut faults), Some);
                mailer.map(|mailer| World::for_settings(mailer, &settings))
            }
        };
        let world = match clock {
            Some(clock) => world.map(|world| World { clock, ..world }),
            None => world,
        };
        let world = world.map(|world| with_gateway(world, sms, &settings, &mut faults));
        let world = world.map(|world| with_captcha(world, &settings, &mut faults));
        if !faults.is_empty() {
            return Err(BuildError(faults));
        }
        let (Some(letters), Some(pages), Some(origins), Some(world), Some(breach), Some(disposable)) =
            (letters, pages, origins, world, breach, disposable)
        else {
            return Err(BuildError(faults));
        };
        let webhooks = Outbound::new(world.names.clone(), networks);
        breach.may_ask(&webhooks)?;
        let now = world.clock.now();
        if migrate {
            store.migrate(now).await.map_err(|e| BuildError(vec![BuildFault::Migration(e)]))?;
        }
        let current = match current {
            Found::Key(key) => key,
            Found::ToMake(path) => keys::make(&store, &path, world.entropy.as_ref()).await?,
        };
        let (instance, keyring) = keys::open(&store, current, old, now, world.entropy.as_ref()).await?;
        let dev_token = development.then(|| token(&world));
        if settings.limits_multiplier > 1 {
            let reason = settings.limits_reason.as_deref().unwrap_or_default();
            tracing::warn!(by = settings.limits_multiplier, reason, "limits are loosened");
        }
        let house = Housekey(Arc::new(Inner {
            write_body: doors::webhook_body,
            webhooks,
            breach,
            passkeys: RelyingParty::of(&settings, &public_url),
            hooks,
            places,
            limits: limits.multiplied(settings.limits_multiplier),
            sessions: SessionCache::new(settings.session_cache_mib),
            clients: ClientCache::new(settings.session_cache_mib),
            signing: RwLock::default(),
            secret_keys: SecretKeys::default(),
            clerk: ClerkHost::of(&public_url),
            contracts,
            bundles,
            drawing: Drawing::default(),
            disposable,
            seen: Seen::default(),
            challenges: ChallengeKeys::of(&keyring),
            captcha: Captcha::of(&settings.bots, &world),
            unrest: Unrest::default(),
            mail_bell: Notify::new(),
            sms_bell: Notify::new(),
            cookie_names: OnceLock::new(),
            day_key: Mutex::default(),
            store,
            world,
            public_url,
            keyring,
            instance,
            origins,
            letters,
            pages,
            proxy_told: AtomicI64::new(0),
            dev_token,
            settings,
        }));
        house.store().tell_by(Arc::new(HouseTeller::of(&house)));
        // Whoever asks for the endpoints of a house that stands finds those of its configuration. The worker tries
        // again until it can: another node may just be making the same ones.
        if let Err(error) = house.webhooks_of_config().await {
            tracing::debug!(%error, "configured endpoints are left to the worker");
        }
        Ok(house)
    }
}

/// What opens `/dev/mail`: printed at the start, since a proxy in front looks like loopback.
fn token(world: &World) -> Secret<String> {
    let bytes = entropy::bytes::<16>(world.entropy.as_ref());
    Secret::new(bytes.iter().map(|b| format!("{b:02x}")).collect())
}
