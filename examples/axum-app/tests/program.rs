//! The program itself, over HTTP, from its first start to its end.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail loudly")]

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "tidal lantern mosaic";

struct Program {
    child: Child,
    url: String,
    mail: String,
}

impl Program {
    /// Starts it in a folder, on a free port, with nothing else set.
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_axum-app"));
        for name in ["DATABASE_URL", "PUBLIC_URL", "SMTP_URL", "MAIL_FROM", "HOUSEKEY_KEY"] {
            command.env_remove(name);
        }
        command.current_dir(folder).env("LISTEN", "127.0.0.1:0").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut word = |first: &str| {
            let line = lines.find(|l| l.starts_with(first)).unwrap_or_else(|| panic!("it said no {first}"));
            line[first.len()..].trim().to_owned()
        };
        let (url, mail) = (word("Open"), word("Mail"));
        Self { child, url: url.trim_end_matches('/').to_owned(), mail }
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    fn stop(mut self) -> bool {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        asked.success() && self.child.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Person {
    http: Client,
    url: String,
}

impl Person {
    fn at(program: &Program) -> Self {
        let time = Duration::from_secs(20);
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).timeout(time).build().unwrap();
        Self { http, url: program.url.clone() }
    }

    async fn get(&self, path: &str) -> Response {
        let path = path.strip_prefix(&self.url).unwrap_or(path);
        self.http.get(format!("{}{path}", self.url)).header("accept", "text/html").send().await.unwrap()
    }

    async fn fill(&self, at: &str, to: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.get(at).await.text().await.unwrap();
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("no form at {at}: {page}"));
        let mut all = vec![("csrf", token.split('"').next().unwrap())];
        all.extend(fields);
        self.http.post(format!("{}{to}", self.url)).header("origin", &self.url).form(&all).send().await.unwrap()
    }

    /// The code of the last caught mail, which arrives a moment after it was asked for.
    async fn code(&self, mailbox: &str) -> String {
        self.get(mailbox).await;
        for _ in 0..100 {
            let list = self.get("/auth/dev/mail").await.text().await.unwrap().replace("&#x2f;", "/");
            if let Some(rest) = list.split("/auth/dev/mail/mail_").nth(1) {
                let id = rest.split('"').next().unwrap();
                let mail = self.get(&format!("/auth/dev/mail/mail_{id}")).await.text().await.unwrap();
                let text = mail.split("<pre").nth(1).unwrap();
                let mut numbers = text.split(|c: char| !c.is_ascii_digit());
                return numbers.find(|d| d.len() == 6).unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no mail was caught");
    }
}

fn to(response: &Response) -> &str {
    response.headers().get("location").map(|l| l.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn from_the_first_start_to_a_note_that_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let ada = Person::at(&program);
    assert_eq!(to(&ada.get("/notes").await), format!("{}/auth/sign-in?return_to=%2Fnotes", program.url));
    let me = ada.http.get(format!("{}/api/me", ada.url)).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(me.headers()["content-type"], "application/problem+json");

    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", "/notes")];
    assert_eq!(to(&ada.fill("/auth/sign-up?return_to=/notes", "/auth/sign-up", &fields).await), "/auth/sign-up/code");
    let code = ada.code(&program.mail).await;
    assert_eq!(to(&ada.fill("/auth/sign-up/code", "/auth/sign-up/code", &[("code", &code)]).await), "/notes");
    assert_eq!(to(&ada.fill("/notes", "/notes", &[("text", "water the <fern>")]).await), "/notes");
    let forged = [("text", "planted"), ("csrf", "guess")];
    let forged = ada.http.post(format!("{}/notes", ada.url)).header("origin", &ada.url).form(&forged).send().await;
    assert_eq!(forged.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(program.stop(), "it ends well when it is asked to");

    // The same folder, key and database; another port, so a sign-in anew.
    let program = Program::start(folder.path());
    let ada = Person::at(&program);
    let start = [("email", ADA), ("return_to", "/notes")];
    assert_eq!(
        to(&ada.fill("/auth/sign-in?return_to=/notes", "/auth/sign-in", &start).await),
        "/auth/sign-in/password"
    );
    let done = ada.fill("/auth/sign-in/password", "/auth/sign-in/password", &[("password", PASSWORD)]).await;
    assert_eq!(to(&done), "/notes");
    let page = ada.get("/notes").await.text().await.unwrap();
    assert!(page.contains("<li>water the &lt;fern&gt;</li>") && !page.contains("planted"), "{page}");
    assert!(program.stop());
}

#[test]
fn the_readmes_example_is_the_one_that_compiles() {
    let (readme, example) = (include_str!("../../../README.md"), include_str!("../examples/embed.rs"));
    let section = readme.split("\n## In your own app\n").nth(1).unwrap();
    let block = section
        .split("\n```rust file=examples/axum-app/examples/embed.rs\n")
        .nth(1)
        .unwrap()
        .split("```\n")
        .next()
        .unwrap();
    assert_eq!(block, example);
    assert!(example.lines().count() <= 30);
}
