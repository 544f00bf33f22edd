//! Mail: what is written, how it looks, and how it leaves.
//!
//! A flow makes a [`Letter`] and queues it sealed as a [`Posted`] in the transaction that made its code. The
//! worker (`jobs/mail.rs`) opens it later, has [`Letters`] write it, and gives it to a [`Mailer`]: [`Smtp`], or
//! [`Caught`] in development and in tests.

mod caught;
mod facts;
mod letter;
mod letterhead;
mod mailed;
mod message;
mod posted;
mod samples;
mod smtp;
mod template;
mod words;

pub use caught::Caught;
pub use facts::Facts;
pub use letter::Letter;
pub use letterhead::Letterhead;
pub use mailed::{MailedCode, MailedSecret, NewMailedCode};
pub use message::{HeaderFault, HeaderText, MailFault, Mailbox, Mailer, OutgoingMail};
pub use posted::{PostFault, Posted};
pub use smtp::{Smtp, SmtpUrlFault};
pub use template::{Letters, TemplateFault, TemplateFaults, WriteFault};

#[cfg(test)]
mod letters_tests;
#[cfg(test)]
pub(crate) mod sink;
#[cfg(test)]
mod smtp_tests;
