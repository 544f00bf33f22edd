//! Authentication for your own app, in your own database.

mod breach;
mod builder;
mod bundles;
mod caller;
mod captcha;
mod disposable;
pub mod doors;
mod drawing;
mod error;
pub mod flows;
mod hasher;
mod hooks;
mod housekey;
mod jobs;
mod keys;
mod layer;
pub mod mail;
pub mod outbound;
mod passkeys;
mod places;
mod run;
mod seen;
mod sessions;
pub mod settings;
pub mod sms;
#[cfg(feature = "testkit")]
pub mod testkit;
mod world;

pub use builder::{BuildError, BuildFault, Builder};
pub use bundles::{BundleFile, BundleSource, Version};
pub use caller::{
    Caller, CaptchaShown, ClientToken, Cookies, Door, Outcome, SetClient, SetDevice, Signed, SolvedHere, Widget,
};
pub use captcha::{CaptchaDown, CaptchaVerifier};
pub use doors::Contract;
pub use error::{Denial, Error, Fault, Result};
pub use hasher::Hasher;
pub use hooks::{Attempt, Subject};
pub use housekey::Housekey;
pub use jobs::event_chain::{ChainFault, ChainReport};
pub use keys::{Key, KeyError};
pub use layer::{CsrfToken, Fresh, HousekeyLayer, HousekeyService, Session, Turned, User};
pub use places::{GeoipFile, Places};
pub use sessions::Current;
pub use world::{Clock, SystemClock, SystemEntropy, World};

pub use housekey_core as core;
pub use housekey_store::{Store, StoreError};
