//! The pages' door over HTTP, as a browser without scripts uses it, and as an attacker does.

use crate::{kit::*, web::web_with};
use housekey::{settings::Settings, testkit::TestHouse};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use std::net::SocketAddr;

struct Site {
    house: TestHouse,
    url: String,
}

async fn site() -> Site {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let settings = housekey::settings::Settings {
        public_url: Some(url.parse().unwrap()),
        app_origins: vec!["https://app.example.com".into()],
        ..Default::default()
    };
    let house = house_with(settings).await;
    let app = house.housekey.router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Site { house, url }
}

struct Surfer {
    http: Client,
    url: String,
}

impl Site {
    fn surfer(&self) -> Surfer {
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Surfer { http, url: self.url.clone() }
    }
}

impl Surfer {
    async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn token(&self, path: &str) -> String {
        let page = self.get(path).await.text().await.unwrap();
        let at = page.find("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form at {path}:\n{page}")) + 19;
        page[at..].split('"').next().unwrap().to_owned()
    }

    /// Fills in the form at a path and sends it.
    async fn send(&self, form_at: &str, to: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.token(form_at).await;
        let mut all = vec![("csrf", token.as_str())];
        all.extend(fields);
        self.post(to, &all).await
    }

    async fn post(&self, to: &str, fields: &[(&str, &str)]) -> Response {
        self.http.post(format!("{}{to}", self.url)).header("origin", &self.url).form(fields).send().await.unwrap()
    }

    async fn sign_up(&self, site: &Site, address: &str) {
        let fields = [("email", address), ("password", PASSWORD), ("return_to", "")];
        let done = self.send("/sign-up", "/sign-up", &fields).await;
        assert_eq!(to(&done), "/sign-up/code");
        let code = site.house.code_to(address).await.unwrap();
        let done = self.send("/sign-up/code", "/sign-up/code", &[("code", &code)]).await;
        assert_eq!(to(&done), "/account");
    }
}

fn to(response: &Response) -> String {
    let location = response.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
    location.unwrap_or_else(|| format!("{}", response.status()))
}

async fn a_person_signs_up_in_and_out_without_scripts() {
    let site = site().await;
    let ada = site.surfer();
    ada.sign_up(&site, ADA).await;
    let account = ada.get("/account").await;
    assert_eq!(account.status(), StatusCode::OK);
    assert!(account.text().await.unwrap().contains(ADA));
    assert_eq!(to(&ada.get("/sign-in").await), "/account");
    assert_eq!(to(&ada.send("/sign-out", "/sign-out", &[]).await), "/");
    assert!(to(&ada.get("/account").await).starts_with("/sign-in?return_to="));
    let named =
        ada.send("/sign-in", "/sign-in", &[("email", ADA), ("remember", "yes"), ("return_to", "/account/devices")]);
    assert_eq!(to(&named.await), "/sign-in/password");
    let wrong = ada.send("/sign-in/password", "/sign-in/password", &[("password", "wrong wrong wrong")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.unwrap().contains("not correct"));
    let done = ada.send("/sign-in/password", "/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(to(&done), "/account/devices");
    let cookie =
        done.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(
        cookie.iter().all(|c| c.contains("HttpOnly") && c.contains("SameSite=Lax") && c.contains("Path=/")),
        "{cookie:?}"
    );
    assert!(cookie.iter().any(|c| c.contains("Max-Age=2592000")), "{cookie:?}");
}

async fn a_forgotten_password_is_replaced() {
    let site = site().await;
    site.surfer().sign_up(&site, ADA).await;
    let ada = site.surfer();
    assert_eq!(to(&ada.send("/forgot-password", "/forgot-password", &[("email", ADA)]).await), "/sign-in/code");
    let code = site.house.code_to(ADA).await.unwrap();
    assert_eq!(to(&ada.send("/sign-in/code", "/sign-in/code", &[("code", &code)]).await), "/sign-in/new-password");
    let weak = ada.send("/sign-in/new-password", "/sign-in/new-password", &[("password", "12345678")]).await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let done =
        ada.send("/sign-in/new-password", "/sign-in/new-password", &[("password", "another lantern tide")]).await;
    assert_eq!(to(&done), "/account");
}

async fn every_page_of_an_account_is_there() {
    let site = site().await;
    let ada = site.surfer();
    for path in ["/", "/sign-in", "/sign-up", "/forgot-password"] {
        assert_eq!(ada.get(path).await.status(), StatusCode::OK, "{path}");
    }
    ada.sign_up(&site, ADA).await;
    for path in ["/", "/account", "/account/emails", "/account/security", "/account/devices", "/step-up", "/sign-out"] {
        let page = ada.get(path).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let text = page.text().await.unwrap();
        assert!(text.contains("<main") && text.contains("<h1>"), "{path}");
        assert!(text.len() < 40_000, "{path}: {}", text.len());
    }
    assert_eq!(ada.get("/no-such-page").await.status(), StatusCode::NOT_FOUND);
}

async fn an_address_is_added_verified_made_primary_and_the_change_undone() {
    let site = site().await;
    let ada = site.surfer();
    ada.sign_up(&site, ADA).await;
    let added = ada.send("/account/emails", "/account/emails", &[("email", "ada@new.example")]).await;
    let verify = to(&added);
    assert!(verify.starts_with("/account/emails/idn_") && verify.ends_with("/verify"), "{verify}");
    let code = site.house.code_to("ada@new.example").await.unwrap();
    let done = ada.send(&verify, &verify, &[("code", &code)]).await;
    assert_eq!(to(&done), "/account/emails?done=email-verified");
    let primary = verify.replace("/verify", "/primary");
    assert_eq!(to(&ada.send("/account/emails", &primary, &[]).await), "/account/emails?done=email-primary");
    let notice = site.house.mail_to(ADA).await.unwrap().text;
    let token = notice.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let owner = site.surfer();
    assert_eq!(to(&owner.get(&format!("/undo?token={token}")).await), "/undo", "the token leaves the address");
    assert!(ada.get("/account").await.status().is_success(), "looking changes nothing");
    assert_eq!(owner.send("/undo", "/undo", &[]).await.status(), StatusCode::OK);
    assert!(to(&ada.get("/account").await).starts_with("/sign-in"));
}

async fn sec_50_51_forms_from_elsewhere_are_refused() {
    let site = site().await;
    let ada = site.surfer();
    let token = ada.token("/sign-in").await;
    let fields = [("csrf", token.as_str()), ("email", ADA), ("return_to", "")];
    let send = |origin: &'static str, site_header: &'static str| {
        let mut request = ada.http.post(format!("{}/sign-in", ada.url)).form(&fields);
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        if !site_header.is_empty() {
            request = request.header("sec-fetch-site", site_header);
        }
        request.send()
    };
    for (origin, site_header) in [
        ("", ""),
        ("null", ""),
        ("https://evil.example", ""),
        ("https://evil.example", "same-origin"),
        ("", "cross-site"),
        ("", "none"),
    ] {
        assert_eq!(send(origin, site_header).await.unwrap().status(), StatusCode::FORBIDDEN, "{origin} {site_header}");
    }
    assert_eq!(to(&send("", "same-origin").await.unwrap()), "/sign-in/password");
    let eve = site.surfer();
    let theirs = eve.token("/sign-in").await;
    let swapped = ada.post("/sign-in", &[("csrf", &theirs), ("email", ADA), ("return_to", "")]).await;
    assert_eq!(swapped.status(), StatusCode::FORBIDDEN, "another browser's token");
    assert_eq!(ada.post("/sign-in", &[("email", ADA)]).await.status(), StatusCode::FORBIDDEN);
}

async fn sec_54_55_the_way_home_is_ours_or_listed_and_never_redirected_to_by_a_form() {
    let site = site().await;
    site.surfer().sign_up(&site, ADA).await;
    for (return_to, lands) in [
        ("/account/devices", "/account/devices"),
        ("https://evil.example/", "/account"),
        ("//evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
    ] {
        let ada = site.surfer();
        ada.send("/sign-in", "/sign-in", &[("email", ADA), ("return_to", return_to)]).await;
        let done = ada.send("/sign-in/password", "/sign-in/password", &[("password", PASSWORD)]).await;
        assert_eq!(to(&done), lands, "{return_to}");
    }
    let ada = site.surfer();
    ada.send("/sign-in", "/sign-in", &[("email", ADA), ("return_to", "https://app.example.com/cb?x=1&y=2")]).await;
    let done = ada.send("/sign-in/password", "/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(done.status(), StatusCode::OK);
    let page = done.text().await.unwrap();
    assert!(
        page.contains("http-equiv=\"refresh\"")
            && page.contains("https:&#x2f;&#x2f;app.example.com&#x2f;cb?x=1&amp;y=2")
            || page.contains("https://app.example.com/cb?x=1&amp;y=2"),
        "{page}"
    );
}

async fn sec_55_every_answer_carries_the_headers() {
    let site = site().await;
    let ada = site.surfer();
    for path in ["/", "/sign-in", "/account", "/nothing", "/static/nothing.css"] {
        let answer = ada.get(path).await;
        let header =
            |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        let csp = header("content-security-policy");
        assert!(
            csp.contains("default-src 'none'")
                && csp.contains("frame-ancestors 'none'")
                && csp.contains("form-action 'self'"),
            "{path}: {csp}"
        );
        assert!(!csp.contains("unsafe"), "{path}: {csp}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("server").is_empty() && header("x-powered-by").is_empty());
    }
}

async fn sec_58_what_people_type_is_text() {
    let site = site().await;
    let ada = site.surfer();
    ada.sign_up(&site, ADA).await;
    let name = "<script>alert(1)</script>\"'&{{7*7}}";
    assert_eq!(
        to(&ada.send("/account", "/account", &[("first_name", name), ("last_name", "")]).await),
        "/account?done=saved"
    );
    let page = ada.get("/account").await.text().await.unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("49\""), "{page}");
}

async fn the_mailbox_of_development_opens_with_its_token_alone() {
    let site = site().await;
    site.surfer().sign_up(&site, ADA).await;
    let ada = site.surfer();
    assert_eq!(ada.get("/dev/mail").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/dev/mail?token=guess").await.status(), StatusCode::NOT_FOUND);
    let token = site.house.housekey.dev_token().unwrap().expose().clone();
    assert_eq!(to(&ada.get(&format!("/dev/mail?token={token}")).await), "/dev/mail");
    let list = ada.get("/dev/mail").await.text().await.unwrap().replace("&#x2f;", "/");
    assert!(list.contains(ADA));
    let id = list.split("/dev/mail/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(ada.get(&format!("/dev/mail/{id}")).await.text().await.unwrap().contains("iframe"));
    let html = ada.get(&format!("/dev/mail/{id}/html")).await;
    assert!(html.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
}

async fn a_refusal_is_a_sentence() {
    let web = web_with(Settings { sign_up: restricted(), ..Settings::default() }).await;
    let jar = web.jar(1);
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", "")];
    let told = jar.form("/sign-up", &fields).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("That address may not sign up here."), "{}", told.body);
    let web = web_with(Settings::default()).await;
    web.signed_up(1, ADA).await;
    web.database.run("UPDATE housekey_user SET locked_until = 9999999999999").await;
    let jar = web.jar(2);
    jar.form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    let told = jar.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("This account is locked."), "{}", told.body);
}

on_both!(
    a_refusal_is_a_sentence,
    a_person_signs_up_in_and_out_without_scripts,
    a_forgotten_password_is_replaced,
    every_page_of_an_account_is_there,
    an_address_is_added_verified_made_primary_and_the_change_undone,
    sec_50_51_forms_from_elsewhere_are_refused,
    sec_54_55_the_way_home_is_ours_or_listed_and_never_redirected_to_by_a_form,
    sec_55_every_answer_carries_the_headers,
    sec_58_what_people_type_is_text,
    the_mailbox_of_development_opens_with_its_token_alone,
);
