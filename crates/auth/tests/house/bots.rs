//! Programs at the doors: challenges on pages and through apps, traps in forms, and who may sign up at all.

use crate::{
    clerk::app,
    door_limits::production,
    kit::*,
    web::{Answer, Jar, Web, web, web_with},
};
use housekey::{
    core::challenge::solve,
    settings::{BotSettings, ChallengedSignUps, Settings, SignUpMode, SignUpPolicy},
};
use http::StatusCode;
use std::time::Duration;

const STRANGER: &str = "amy@example.com";
const BY_APP: &str = "/v1/client/sign_ins";

/// What a page's widget is given to solve.
pub fn work(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.body.split_once("data-work=\"")?;
    let text = rest.split('"').next()?;
    Some(text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#x2f;", "/").replace("&#x27;", "'"))
}

pub fn solved(answer: &Answer) -> String {
    let work = work(answer).unwrap_or_else(|| panic!("no challenge: {} {}", answer.status, answer.body));
    solve(&work).unwrap_or_else(|| panic!("not solved: {work}"))
}

/// A browser whose address has used up what it may do without a challenge.
pub async fn beyond(web: &Web, at: u8) -> Jar {
    let jar = web.jar(at);
    for n in 0..20 {
        let email = format!("u{n}@example.com");
        assert_eq!(jar.form("/sign-in", &[("email", &email), ("return_to", "")]).await.to(), "/sign-in/password");
    }
    jar
}

async fn a_challenged_form_stands_there_again_with_what_was_typed() {
    let web = web().await;
    web.signed_up(3, ADA).await;
    web.house.clock.advance(Duration::from_secs(3600));
    let quiet = web.jar(1).get("/sign-in").await;
    assert!(work(&quiet).is_none() && !quiet.body.contains("altcha"), "nobody is asked without need");
    assert!(!quiet.header("content-security-policy").contains("worker-src"));
    let jar = beyond(&web, 7).await;
    let fields = [("email", ADA), ("remember", "yes"), ("return_to", "/account/devices")];
    let asked = jar.form("/sign-in", &fields).await;
    assert_eq!(asked.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(asked.header("retry-after"), "3");
    assert!(asked.body.contains(ADA) && asked.body.contains("checked"), "{}", asked.body);
    assert!(asked.body.contains("takes JavaScript. Without it, try again in a minute"), "{}", asked.body);
    let policy = asked.header("content-security-policy");
    assert!(policy.ends_with("; worker-src 'self'") && !policy.contains("unsafe"), "{policy}");
    for script in asked.body.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(web.jar(1).get(&script.replace("&#x2f;", "/")).await.status, StatusCode::OK, "{script}");
    }
    let shown = solved(&asked);
    let on = jar.form("/sign-in", &[fields.as_slice(), &[("altcha", &shown)]].concat()).await;
    assert_eq!(on.to(), "/sign-in/password", "{}", on.body);
    let again = jar.form("/sign-in", &[fields.as_slice(), &[("altcha", &shown)]].concat()).await;
    assert!(again.body.contains("The last check counts no more"), "{}", again.body);
    // The password's own form is asked too, since the address is the same; what was typed there is not repeated.
    let asked = jar.form("/sign-in/password", &[("password", PASSWORD)]).await;
    assert!(!asked.body.contains(PASSWORD));
    let shown = solved(&asked);
    let done = jar.form("/sign-in/password", &[("password", PASSWORD), ("altcha", &shown)]).await;
    assert_eq!(done.to(), "/account/devices", "{}", done.body);
}

async fn sec_15_a_solution_of_one_form_opens_no_other() {
    let web = web().await;
    let jar = beyond(&web, 7).await;
    let sign_in = solved(&jar.form("/sign-in", &[("email", ADA), ("return_to", "")]).await);
    for n in 0..5 {
        let email = format!("v{n}@example.com");
        let fields = [("email", email.as_str()), ("password", PASSWORD), ("return_to", "")];
        assert_eq!(web.jar(7).form("/sign-up", &fields).await.to(), "/sign-up/code");
    }
    let fields = [("email", STRANGER), ("password", PASSWORD), ("return_to", "")];
    let crossed = web.jar(7).form("/sign-up", &[fields.as_slice(), &[("altcha", &sign_in)]].concat()).await;
    assert_eq!(crossed.status, StatusCode::TOO_MANY_REQUESTS);
    let sign_up = solved(&crossed);
    let fields = [fields.as_slice(), &[("altcha", sign_up.as_str())]].concat();
    assert_eq!(web.jar(7).form("/sign-up", &fields).await.to(), "/sign-up/code");
    assert_eq!(web.jar(7).form("/sign-up", &fields).await.status, StatusCode::TOO_MANY_REQUESTS, "once");
}

async fn sec_15_no_other_door_leads_past_a_challenge() {
    let web = app::clerk_with(Settings { app_origins: vec![app::APP.into()], ..Settings::default() }).await;
    beyond(&web, 7).await;
    let asked = web.jar(7).form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    let shown = solved(&asked);
    for fields in [vec![("identifier", ADA)], vec![("identifier", ADA), ("altcha", &shown), ("captcha_token", &shown)]]
    {
        let told = web.app(7).post(BY_APP, &fields).await;
        assert_eq!(told.refusal(), "429 too_many_requests", "the address has used it up at the other door");
        assert!((1..=3).contains(&told.header("retry-after").parse::<u64>().unwrap()));
    }
    for (path, fields) in
        [("//sign-in", [("email", ADA), ("return_to", "")]), ("/sign-in/", [("email", ADA), ("return_to", "")])]
    {
        assert_ne!(web.jar(7).form(path, &fields).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    // An app's own page counts with ours as well.
    let other = web.app(8);
    for n in 0..20 {
        other.post(BY_APP, &[("identifier", &format!("w{n}@example.com"))]).await.ok();
    }
    let asked = web.jar(8).form("/sign-in", &[("email", ADA), ("return_to", "")]).await;
    assert!(work(&asked).is_some());
    web.house.clock.advance(Duration::from_secs(3));
    other.post(BY_APP, &[("identifier", ADA)]).await.ok();
}

async fn sec_20_a_challenge_tells_nothing_about_an_account() {
    let web = web().await;
    web.signed_up(3, ADA).await;
    web.house.clock.advance(Duration::from_secs(86_400));
    let mut told = Vec::new();
    for address in ["warm@example.com", ADA, STRANGER] {
        for at in 10..20 {
            let jar = web.jar(at);
            jar.form("/sign-in", &[("email", address), ("return_to", "")]).await;
            let wrong = jar.form("/sign-in/password", &[("password", "wrong wrong wrong")]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        web.house.clock.advance(Duration::from_secs(60));
        let jar = web.jar(30);
        jar.form("/sign-in", &[("email", address), ("return_to", "")]).await;
        let mut steps = Vec::new();
        let mut shown = String::new();
        for _ in 0..3 {
            let token = jar.token().await;
            let fields = [("csrf", token.as_str()), ("password", "wrong wrong wrong"), ("altcha", &shown)];
            let before = web.house.spent();
            let answer = jar.post("/sign-in/password", &fields).await;
            let after = web.house.spent();
            steps.push((
                answer.status,
                answer.header("retry-after").to_owned(),
                answer.body.len().abs_diff(0) / 200,
                after.0.statements - before.0.statements,
                after.0.commits - before.0.commits,
                after.1 - before.1,
            ));
            shown = work(&answer).and_then(|work| solve(&work)).unwrap_or_default();
        }
        assert_eq!(steps[0].0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((steps[1].0, steps[1].5), (StatusCode::UNPROCESSABLE_ENTITY, 1), "solved, and judged");
        told.push(steps);
        web.house.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(told[1], told[2]);
}

async fn every_sign_up_is_asked_from_the_first_page_where_the_operator_wants_it() {
    let bots = BotSettings { sign_up: ChallengedSignUps::Always, ..BotSettings::default() };
    let settings = Settings { bots, app_origins: vec![app::APP.into()], ..Settings::default() };
    let web = app::clerk_with(settings).await;
    let jar = web.jar(1);
    let page = jar.get("/sign-up").await;
    assert_eq!(page.status, StatusCode::OK);
    let shown = solved(&page);
    let fields = [("email", ADA), ("password", PASSWORD), ("return_to", "")];
    let without = jar.form("/sign-up", &fields).await;
    assert_eq!((without.status, without.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, ""));
    assert!(without.body.contains("Switch it on for this page."));
    let fields = [fields.as_slice(), &[("altcha", shown.as_str())]].concat();
    assert_eq!(jar.form("/sign-up", &fields).await.to(), "/sign-up/code");
    let told = web.app(2).post("/v1/client/sign_ups", &[("email_address", STRANGER), ("password", PASSWORD)]).await;
    assert_eq!(told.refusal(), "400 captcha_missing_token");
}

/// When the sign-up page says that it was shown.
async fn shown(jar: &Jar) -> String {
    let page = jar.get("/sign-up").await.body;
    page.split_once("name=\"shown\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

async fn a_program_gets_the_usual_answer_and_nothing_is_made() {
    let web = web_with(production()).await;
    let slow = Duration::from_secs(2);
    // The day's key for events is made once.
    web.jar(9).form("/sign-up", &[("email", "warm@example.com"), ("password", PASSWORD), ("return_to", "")]).await;
    let mut pages = Vec::new();
    for (at, hidden, wait, forged) in [
        (1, "", slow, false),
        (2, "https://spam.example", slow, false),
        (3, "", Duration::ZERO, false),
        (4, "", slow, true),
    ] {
        let jar = web.jar(at);
        let told = shown(&jar).await;
        web.house.clock.advance(wait);
        let told = if forged { format!("1{told}") } else { told };
        let email = format!("p{at}@example.com");
        let fields = [
            ("email", email.as_str()),
            ("password", PASSWORD),
            ("return_to", ""),
            ("website", hidden),
            ("shown", &told),
        ];
        let before = web.house.spent();
        let answer = jar.form("/sign-up", &fields).await;
        let after = web.house.spent();
        assert_eq!(answer.to(), "/sign-up/code", "{at}");
        let page = jar.get("/sign-up/code").await;
        web.house.clock.advance(Duration::from_secs(31));
        let again = jar.form("/sign-up/code/send", &[]).await;
        assert_eq!(again.to(), "/sign-up/code", "{at}");
        let wrong = jar.form("/sign-up/code", &[("code", "000000")]).await;
        let mailed = web.house.code_to(&email).await;
        assert_eq!(mailed.is_some(), at == 1, "{at}");
        pages.push((page.status, page.body.len(), wrong.status, after.0.statements - before.0.statements));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let events = web.database.rows().await["housekey_event"].join("\n");
    for why in ["hidden_field", "too_fast", "time_forged"] {
        assert!(events.contains(why), "{why}");
    }
    assert_eq!(events.matches("bot.trapped").count(), 3);
}

async fn nobody_sees_or_reaches_the_trap() {
    let page = web().await.jar(1).get("/sign-up").await.body;
    let trap = page.split_once("<div class=\"trap\" aria-hidden=\"true\">").unwrap().1.split_once("</div>").unwrap().0;
    assert!(trap.contains("tabindex=\"-1\"") && trap.contains("autocomplete=\"off\""), "{trap}");
}

fn only(mode: SignUpMode) -> Settings {
    let sign_up = SignUpPolicy { mode, ..SignUpPolicy::default() };
    Settings { app_origins: vec![app::APP.into()], sign_up, ..roomy() }
}

async fn by_invitation_alone_nobody_else_signs_up() {
    let web = app::clerk_with(only(SignUpMode::InvitationOnly)).await;
    let jar = web.jar(1);
    let page = jar.get("/sign-up").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("Accounts are made by invitation here."), "{}", page.body);
    let told = jar.form("/sign-up", &[("email", ADA), ("password", PASSWORD), ("return_to", "")]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    for fields in [vec![("email_address", ADA), ("password", PASSWORD)], vec![("first_name", "Ada")]] {
        let told = web.app(2).post("/v1/client/sign_ups", &fields).await;
        assert_eq!(told.refusal(), "403 sign_up_mode_restricted");
    }
    let told = web.app(2).post("/v1/client/sign_ups", &[("ticket", "inv_x.y"), ("email_address", ADA)]).await;
    assert_eq!(told.refusal(), "400 ticket_invalid_code", "a ticket that is none opens nothing");
    let environment = web.app(2).get("/v1/environment").await.json;
    assert_eq!(environment["user_settings"]["sign_up"]["mode"], "restricted");
}

async fn throw_away_mailboxes_and_tags_are_refused_where_the_operator_says_so() {
    let sign_up = SignUpPolicy { block_disposable: true, block_subaddresses: true, ..SignUpPolicy::default() };
    let web = app::clerk_with(Settings { app_origins: vec![app::APP.into()], sign_up, ..roomy() }).await;
    for (address, words) in [
        ("bot@mailinator.com", "Addresses of throw-away mailboxes are not taken here."),
        ("bot@x.mailinator.com", "Addresses of throw-away mailboxes are not taken here."),
        ("ada+news@example.com", "Addresses with a tag are not taken here."),
    ] {
        let told = web.jar(1).form("/sign-up", &[("email", address), ("password", PASSWORD), ("return_to", "")]).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.body.contains(words), "{address}: {}", told.body);
        let app = web.app(2);
        let told = app.post("/v1/client/sign_ups", &[("email_address", address), ("password", PASSWORD)]).await;
        assert_eq!(told.refusal(), "422 form_email_address_blocked email_address");
        let begun = app.post("/v1/client/sign_ups", &[("password", PASSWORD)]).await.ok();
        let told = app.patch(&format!("/v1/client/sign_ups/{}", begun.id()), &[("email_address", address)]).await;
        assert_eq!(told.refusal(), "422 form_email_address_blocked email_address", "nor as a second thought");
    }
    web.signed_up(3, ADA).await;
    let restrictions = web.app(2).get("/v1/environment").await.json["user_settings"]["restrictions"].clone();
    assert_eq!(restrictions["block_email_subaddresses"]["enabled"], true);
    assert_eq!(restrictions["block_disposable_email_domains"]["enabled"], true);
}

on_both!(
    a_challenged_form_stands_there_again_with_what_was_typed,
    sec_15_a_solution_of_one_form_opens_no_other,
    sec_15_no_other_door_leads_past_a_challenge,
    sec_20_a_challenge_tells_nothing_about_an_account,
    every_sign_up_is_asked_from_the_first_page_where_the_operator_wants_it,
    a_program_gets_the_usual_answer_and_nothing_is_made,
    nobody_sees_or_reaches_the_trap,
    by_invitation_alone_nobody_else_signs_up,
    throw_away_mailboxes_and_tags_are_refused_where_the_operator_says_so,
);
