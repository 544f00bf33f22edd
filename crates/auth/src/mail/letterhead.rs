//! What every letter of one instance shares.

use super::message::{HeaderText, Mailbox};
use crate::settings::Settings;
use housekey_core::identifier::email::Email;
use url::Url;

/// The product's name, its sender, its colour, and the address under which its pages stand.
#[derive(Clone, Debug)]
pub struct Letterhead {
    app: HeaderText,
    from: Option<Mailbox>,
    home: Url,
    accent: [u8; 3],
}

impl Letterhead {
    /// What the operator decided. In development, where no sender need be set, it is `no-reply` at the own host.
    pub fn of(settings: &Settings, public_url: &Url) -> Self {
        let mut home = public_url.clone();
        home.set_path(settings.mount.as_str());
        let app = HeaderText::made_from(&settings.name, "Housekey");
        let (name, email) = match &settings.mail_from {
            Some(sender) => (sender.name.as_deref(), Some(sender.email.clone())),
            None => (None, nobody(public_url)),
        };
        let name = name.map_or_else(|| app.clone(), |name| HeaderText::made_from(name, "Housekey"));
        let from = email.map(|email| Mailbox::named(name, email));
        Self { app, from, home, accent: settings.accent.rgb() }
    }

    /// The product's name.
    pub fn app(&self) -> &str {
        self.app.as_str()
    }

    /// Who the letters are from; nobody, where no address could be made.
    pub fn from(&self) -> Option<&Mailbox> {
        self.from.as_ref()
    }

    /// The host, with its port if it has one, that a reader should look for in the address bar.
    pub fn host(&self) -> String {
        let host = self.home.host_str().unwrap_or_default();
        self.home.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The page that undoes a change, with its token.
    pub(super) fn undo_url(&self, token: &str) -> String {
        self.page_with("undo", token)
    }

    /// The page for whoever did not do what a notice tells, with its token.
    pub(super) fn not_me_url(&self, token: &str) -> String {
        self.page_with("not-me", token)
    }

    /// The page that a link which proves a mailbox leads to, with its token.
    pub(super) fn link_url(&self, token: &str) -> String {
        self.page_with("link", token)
    }

    /// The page that says no to a recovery, with its token.
    pub(super) fn cancel_url(&self, token: &str) -> String {
        self.page_with("recovery/cancel", token)
    }

    /// The page on which a new password is asked for.
    pub(super) fn reset_url(&self) -> String {
        self.page("forgot-password").into()
    }

    /// The page on which people sign in.
    pub(super) fn sign_in_url(&self) -> String {
        self.page("sign-in").into()
    }

    fn page_with(&self, page: &str, token: &str) -> String {
        let mut url = self.page(page);
        url.query_pairs_mut().append_pair("token", token);
        url.into()
    }

    fn page(&self, page: &str) -> Url {
        let mut url = self.home.clone();
        let path = format!("{}/{page}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_fragment(None);
        url.set_query(None);
        url
    }

    /// Where a ticket is taken. It stands at the root, whatever the pages are mounted under.
    pub(super) fn ticket_url(&self, ticket: &str) -> String {
        let mut url = self.home.clone();
        url.set_path("/v1/tickets/accept");
        url.set_fragment(None);
        url.set_query(None);
        url.query_pairs_mut().append_pair("ticket", ticket);
        url.into()
    }

    /// The accent as CSS writes it.
    pub(super) fn accent(&self) -> String {
        let [r, g, b] = self.accent;
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// Black or white, whichever reads better on the accent (WCAG 2, relative luminance).
    pub(super) fn on_accent(&self) -> &'static str {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.accent.map(linear);
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        if luminance > 0.179 { "#000000" } else { "#ffffff" }
    }
}

fn nobody(public_url: &Url) -> Option<Email> {
    let host = public_url.host_str().unwrap_or_default();
    let own = Email::parse(&format!("no-reply@{host}"));
    own.or_else(|_| Email::parse("no-reply@housekey.invalid")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Colour;

    fn head(home: &str, accent: &str) -> Letterhead {
        let home = Url::parse(home).unwrap();
        let settings = Settings {
            name: "Acme\r\nBcc: x".to_owned(),
            accent: Colour::parse(accent).unwrap(),
            ..Settings::default()
        };
        Letterhead { home: home.clone(), ..Letterhead::of(&settings, &home) }
    }

    #[test]
    fn sec_37_links_stand_under_the_public_url() {
        let root = head("https://id.example.com", "#000000");
        assert_eq!(root.undo_url("lnk_1.a&b"), "https://id.example.com/undo?token=lnk_1.a%26b");
        let mounted = head("https://example.com:8443/auth/?x=1#y", "#000000");
        assert_eq!(mounted.undo_url("t"), "https://example.com:8443/auth/undo?token=t");
        assert_eq!(mounted.host(), "example.com:8443");
    }

    #[test]
    fn light_accents_get_dark_text() {
        let on = |accent| head("https://example.com", accent).on_accent();
        assert_eq!(on("#ffe033"), "#000000");
        assert_eq!(on("#2f5bd6"), "#ffffff");
    }

    #[test]
    fn sec_24_without_a_sender_it_is_the_product_at_its_host() {
        let from = |home| head(home, "#000000").from().map(ToString::to_string);
        assert_eq!(from("https://example.com").unwrap(), "Acme  Bcc: x <no-reply@example.com>");
        assert!(from("http://localhost:4000").is_some());
        assert!(from("http://[::1]:4000").is_some());
    }
}
