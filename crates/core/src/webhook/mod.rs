//! Webhooks: what is told, to whom, how it is signed, and when it is tried again.

mod kind;
mod retry;
mod secret;

pub use kind::{FilterFault, WebhookFilter, WebhookKind};
pub use retry::{AFTER, After, DEAD_AFTER, NEVER_AGAIN, TRIES, after_failure};
pub use secret::{SecretFault, SigningSecret, signature_header};
