//! What people do, step by step, over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use url::Url;

use super::browser::{Browser, Field, Page};
use super::form::unescaped;

/// Strong enough for every rule.
pub const PASSWORD: &str = "lantern-orbit-velvet-4711";

/// Opens an account and is signed in at the end.
pub async fn sign_up(browser: &Browser, mailbox: &Url, email: &str) -> Result<()> {
    let page = browser.get("/sign-up").await?;
    let page = browser.submit(&page, &[(Field::Email, email), (Field::Password, PASSWORD)]).await?.at("/code")?;
    let code = mailed_code(mailbox, email).await?;
    browser.submit(&page, &[(Field::Code, &code)]).await?.at("/account")?;
    Ok(())
}

/// Signs in with the password.
pub async fn sign_in(browser: &Browser, email: &str) -> Result<Page> {
    let page = browser.get("/sign-in").await?;
    let page = browser.submit(&page, &[(Field::Email, email)]).await?.at("/password")?;
    browser.submit(&page, &[(Field::Password, PASSWORD)]).await?.at("/account")
}

/// The code in the newest mail to an address that has one.
async fn mailed_code(mailbox: &Url, email: &str) -> Result<String> {
    let reader = Browser::new(mailbox)?;
    for _ in 0..100 {
        let list = reader.get(mailbox.as_str()).await?;
        if let Some(link) = link_about(&list.html, email) {
            let mail = reader.get(list.url.join(&link)?.as_str()).await?;
            if let Some(code) = six_digits(&mail.html) {
                return Ok(code);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("no mail with a code to {email} within 5 s")
}

fn link_about(html: &str, email: &str) -> Option<String> {
    let before = html.split(email).next().filter(|before| before.len() < html.len())?;
    let link = before.rsplit("href=\"").next()?;
    link.split('"').next().map(unescaped)
}

fn six_digits(html: &str) -> Option<String> {
    html.split(|c: char| !c.is_ascii_digit() && c != ' ')
        .map(|run| run.split(' ').collect::<String>())
        .find(|digits| digits.len() == 6)
}

/// Sets the first name; the answer says it is stored.
pub async fn set_name(browser: &Browser, name: &str) -> Result<()> {
    let page = browser.get("/account").await?.at("/account")?;
    let answer = browser.submit(&page, &[(Field::GivenName, name)]).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    bail!("setting the name: {} {}", answer.status, answer.url)
}

/// The first name as the account's page shows it.
pub async fn name(browser: &Browser) -> Result<String> {
    let page = browser.get("/account").await?.at("/account")?;
    page.value(Field::GivenName).context("the account's page shows no first name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_with_and_without_a_space() {
        assert_eq!(six_digits("<p>123 456</p>").as_deref(), Some("123456"));
        assert_eq!(six_digits("<b>654321</b> 2026").as_deref(), Some("654321"));
        assert_eq!(six_digits("in 10 minutes"), None);
    }

    #[test]
    fn the_link_of_a_row_is_the_one_before_its_address() {
        let html = r#"<a href="/dev/mail/1">x</a> b@x <a href="&#x2f;dev&#x2f;mail&#x2f;2">to a@x</a>"#;
        assert_eq!(link_about(html, "a@x").as_deref(), Some("/dev/mail/2"));
        assert_eq!(link_about(html, "c@x"), None);
    }
}
