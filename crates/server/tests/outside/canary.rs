//! Secrets go through the whole server, and none is found in what it logs or prints (SEC-122).

use reqwest::{Client, header};

use crate::kit::{House, Running};

const ADDRESS: &str = "canary.address@example.com";
const PASSWORD: &str = "canary lantern mosaic 4711";
const WRONG: &str = "canary of a wrong password";

struct Person {
    http: Client,
    home: String,
    /// Everything secret that was met on the way.
    met: Vec<String>,
}

impl Person {
    fn at(server: &Running) -> Self {
        let http = Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, home: format!("http://{}", server.host()), met: Vec::new() }
    }

    async fn get(&mut self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.home)).send().await.unwrap();
        self.meet(&answer);
        answer.text().await.unwrap()
    }

    /// Fills in the page's form; answers where it led.
    async fn fill(&mut self, page: &str, fields: &[(&str, &str)]) -> String {
        let html = self.get(page).await;
        let token = html.split("name=\"csrf\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        self.met.push(token.clone());
        let mut form = vec![("csrf", token.as_str())];
        form.extend_from_slice(fields);
        let ask = self.http.post(format!("{}{page}", self.home)).header(header::ORIGIN, &self.home).form(&form);
        let answer = ask.send().await.unwrap();
        self.meet(&answer);
        answer.headers().get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    fn meet(&mut self, answer: &reqwest::Response) {
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let values =
            cookies.filter_map(|c| c.to_str().ok()?.split(';').next()?.split_once('=').map(|(_, v)| v.to_owned()));
        self.met.extend(values.filter(|v| v.len() > 8));
    }

    /// The code in the last letter.
    async fn code(&mut self, mailbox: &str) -> String {
        self.get(mailbox).await;
        loop {
            let list = self.get("/dev/mail").await;
            if let Some(rest) = list.split("mail_").nth(1) {
                let id: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                let letter = self.get(&format!("/dev/mail/mail_{id}")).await;
                let text = letter.split("<pre").nth(1).unwrap().to_owned();
                return text.split(|c: char| !c.is_ascii_digit()).find(|d| d.len() == 6).unwrap().to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn sec_122_no_secret_that_goes_through_the_server_is_in_its_log() {
    let house = House::new();
    house.write("housekey.toml", "[server]\nlog = \"trace\"\n");
    let server = house.serve(&[]);
    let mut ada = Person::at(&server);
    assert_eq!(ada.fill("/sign-up", &[("email", ADDRESS), ("password", PASSWORD)]).await, "/sign-up/code");
    let first = server.printed();
    let mailbox = first.split("/dev/mail?").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let code = ada.code(&format!("/dev/mail?{mailbox}")).await;
    assert_eq!(ada.fill("/sign-up/code", &[("code", &code)]).await, "/account");
    assert_eq!(ada.fill("/sign-out", &[]).await, "/");
    assert_eq!(ada.fill("/sign-in", &[("email", ADDRESS)]).await, "/sign-in/password");
    ada.fill("/sign-in/password", &[("password", WRONG)]).await;
    ada.fill("/sign-in/password", &[("password", PASSWORD)]).await;

    let mut met = ada.met.clone();
    met.extend([ADDRESS, PASSWORD, WRONG].map(str::to_owned));
    met.extend([PASSWORD, WRONG].map(|p| p.replace(' ', "+")));
    met.push(code);
    met.push(std::fs::read_to_string(house.path("data/housekey.key")).unwrap().trim().to_owned());
    assert!(met.len() > 12, "{met:?}");
    let said = server.stop();
    assert!(said.err.contains("/sign-in/password"), "the log was on: {}", said.err);
    for secret in met {
        assert!(!said.err.contains(&secret), "{secret} is in the log:\n{}", said.err);
    }
}
