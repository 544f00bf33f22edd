//! A browser without a screen: cookies, pages, forms.

use anyhow::{Context, Result, bail};
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{ORIGIN, RETRY_AFTER};
use reqwest::{Client, Request, StatusCode, redirect};
use std::sync::Arc;
use url::Url;

use super::form::{Form, Input, forms};
use super::wire::Ready;

/// One browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    cookies: Arc<Jar>,
    home: Url,
}

/// A page that was answered.
pub struct Page {
    /// Where redirects led.
    pub url: Url,
    /// How it was answered.
    pub status: StatusCode,
    /// Its text.
    pub html: String,
    /// When a limit says to come again.
    pub retry_after: Option<String>,
}

/// What a person sees in an input, and would fill in by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// An e-mail address.
    Email,
    /// A password, present or new.
    Password,
    /// A mailed code.
    Code,
    /// The first name.
    GivenName,
}

impl Browser {
    /// A browser that was never here.
    pub fn new(home: &Url) -> Result<Self> {
        let cookies = Arc::new(Jar::default());
        let client = Client::builder()
            .cookie_provider(cookies.clone())
            .redirect(redirect::Policy::limited(5))
            .timeout(std::time::Duration::from_secs(30))
            .build()?;
        Ok(Self { client, cookies, home: home.clone() })
    }

    /// Gets a page.
    pub async fn get(&self, path: &str) -> Result<Page> {
        let request = self.client.get(self.home.join(path)?).header("sec-fetch-site", "same-origin");
        read(request.send().await?).await
    }

    /// Fills in the form that has all these fields, and sends it.
    pub async fn submit(&self, page: &Page, filled: &[(Field, &str)]) -> Result<Page> {
        read(self.client.execute(self.fill_in(page, filled)?).await?).await
    }

    fn fill_in(&self, page: &Page, filled: &[(Field, &str)]) -> Result<Request> {
        let form = forms(&page.html)
            .into_iter()
            .find(|form| filled.iter().all(|(field, _)| form.inputs.iter().any(|input| is(input, *field))))
            .with_context(|| format!("{} has no form for {filled:?}:\n{}", page.url, page.html))?;
        let request = self
            .client
            .post(page.url.join(&form.action)?)
            .header(ORIGIN, self.home.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .form(&values(&form, filled));
        Ok(request.build()?)
    }

    /// Fills in the same form, to be sent when its time comes and by whomever.
    pub fn make_ready(&self, page: &Page, filled: &[(Field, &str)]) -> Result<Ready> {
        Ready::new(&self.fill_in(page, filled)?, &self.cookies()?)
    }

    /// Its cookies, as a request to the server carries them.
    pub fn cookies(&self) -> Result<String> {
        Ok(self.cookies.cookies(&self.home).context("no cookies")?.to_str()?.to_owned())
    }
}

impl Page {
    /// This page, if it is the one that was expected.
    pub fn at(self, path: &str) -> Result<Self> {
        if self.url.path().ends_with(path) && self.status.is_success() {
            return Ok(self);
        }
        bail!("expected {path}, got {} {} (retry after {:?}):\n{}", self.status, self.url, self.retry_after, self.html)
    }

    /// The value of an input of this page.
    pub fn value(&self, field: Field) -> Option<String> {
        forms(&self.html)
            .into_iter()
            .flat_map(|form| form.inputs)
            .find(|input| is(input, field))
            .map(|input| input.value)
    }
}

async fn read(answer: reqwest::Response) -> Result<Page> {
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Page { url: answer.url().clone(), status: answer.status(), retry_after, html: answer.text().await? })
}

fn values(form: &Form, filled: &[(Field, &str)]) -> Vec<(String, String)> {
    form.inputs
        .iter()
        .filter(|input| !matches!(input.kind.as_str(), "checkbox" | "radio"))
        .map(|input| {
            let given = filled.iter().find(|(field, _)| is(input, *field)).map(|(_, text)| (*text).to_owned());
            (input.name.clone(), given.unwrap_or_else(|| input.value.clone()))
        })
        .collect()
}

fn is(input: &Input, field: Field) -> bool {
    if input.kind == "hidden" {
        return false;
    }
    match field {
        Field::Email => input.kind == "email",
        Field::Password => input.kind == "password",
        Field::Code => input.autocomplete == "one-time-code",
        Field::GivenName => input.autocomplete == "given-name",
    }
}
