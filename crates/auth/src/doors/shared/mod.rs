//! What every door over HTTP needs: who asks, from where, with which credentials, and what goes back with an answer.

mod address;
mod ask;
mod cookies;
mod csrf;
mod form;
mod headers;
mod origin;

pub use address::ClientAddress;
pub(crate) use ask::Head;
pub use ask::{Ask, Body, MOST_BODY};
pub use cookies::CookieNames;
pub(crate) use cookies::cookie_suffix;
pub use form::{Fields, FormFault, read_form};
pub use headers::secure;
pub(crate) use headers::{allow_captcha, allow_workers};
pub use origin::Unsafe;

pub(crate) use csrf::{form_token, is_form_token};
pub(crate) use origin::is_cross_site;
