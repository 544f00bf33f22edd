//! What every letter of one instance shares.

use super::message::{HeaderFault, HeaderText, Mailbox};
use housekey_core::identifier::email::Email;
use url::Url;

/// The product's name, its sender, its colour, and the address under which its pages stand.
#[derive(Clone, Debug)]
pub struct Letterhead {
    app: HeaderText,
    from: Mailbox,
    home: Url,
    accent: [u8; 3],
}

impl Letterhead {
    /// `home` is the configured public URL with the mount path: the only base that links in mail have (SEC-37). Where
    /// the sender has no name of its own, it gets the product's.
    ///
    /// # Errors
    /// When a name cannot stand in a header.
    pub fn new(
        app: &str,
        from: (Option<&str>, Email),
        home: Url,
        accent: [u8; 3],
    ) -> Result<Self, HeaderFault> {
        let (name, email) = from;
        Ok(Self {
            app: HeaderText::parse(app)?,
            from: Mailbox::new(Some(name.unwrap_or(app)), email)?,
            home,
            accent,
        })
    }

    /// The product's name.
    pub fn app(&self) -> &str {
        self.app.as_str()
    }

    /// Who the letters are from.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// The host, with its port if it has one, that a reader should look for in the address bar.
    pub fn host(&self) -> String {
        let host = self.home.host_str().unwrap_or_default();
        self.home
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The page that undoes a change, with its token.
    pub(super) fn undo_url(&self, token: &str) -> String {
        let mut url = self.home.clone();
        let path = format!("{}/undo", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_fragment(None);
        url.set_query(None);
        url.query_pairs_mut().append_pair("token", token);
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
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = self.accent.map(linear);
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        if luminance > 0.179 {
            "#000000"
        } else {
            "#ffffff"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(home: &str, accent: [u8; 3]) -> Letterhead {
        let from = Email::parse("no-reply@example.com").unwrap();
        Letterhead::new("Acme", (None, from), Url::parse(home).unwrap(), accent).unwrap()
    }

    #[test]
    fn sec_37_links_stand_under_the_public_url() {
        let root = head("https://id.example.com", [0; 3]);
        assert_eq!(
            root.undo_url("lnk_1.a&b"),
            "https://id.example.com/undo?token=lnk_1.a%26b"
        );
        let mounted = head("https://example.com/auth/?x=1#y", [0; 3]);
        assert_eq!(
            mounted.undo_url("t"),
            "https://example.com/auth/undo?token=t"
        );
        assert_eq!(mounted.host(), "example.com");
    }

    #[test]
    fn light_accents_get_dark_text() {
        let on = |accent| head("https://example.com", accent).on_accent();
        assert_eq!(on([0xff, 0xe0, 0x33]), "#000000");
        assert_eq!(on([0x2f, 0x5b, 0xd6]), "#ffffff");
    }

    #[test]
    fn a_sender_without_a_name_gets_the_products() {
        assert_eq!(
            head("https://example.com", [0; 3]).from().to_string(),
            "Acme <no-reply@example.com>"
        );
    }
}
