//! Users as an app's backend makes and changes them.

use super::super::app::settings;
use super::sdk::{sdk, sdk_with};
use crate::kit::*;
use http::StatusCode;
use serde_json::{Value, json};

on_both!(
    a_user_that_is_made_can_sign_in,
    all_that_a_backend_may_say_of_a_user_is_kept,
    faults_are_told_by_field_and_nothing_is_half_made,
    a_user_moves_in_with_the_hash_it_had,
    changes_touch_what_they_name,
    a_new_password_ends_the_old_one_and_sessions_where_that_is_wanted,
    metadata_are_merged_or_replaced,
    sec_24_a_banned_user_is_out_at_once_and_stays_out,
    a_locked_user_stays_where_it_is_signed_in_and_signs_in_nowhere,
    a_deleted_user_is_gone,
    a_password_can_be_checked_and_taken_away,
    a_picture_is_drawn_anew,
    twenty_changes_at_once_are_all_kept,
    what_is_nobody_s_is_not_found,
);

async fn a_user_that_is_made_can_sign_in() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let app = sdk.web.app(1);
    let done = app.sign_in("ada@example.com", PASSWORD).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(app.client().await["sessions"][0]["user"]["id"], id.as_str());
    let shown = sdk.get(&format!("/users/{id}")).await.ok().json;
    assert!(shown["last_sign_in_at"].is_i64());
    assert_eq!(shown["email_addresses"][0]["verification"]["status"], "verified");
    assert_eq!(shown["password_enabled"], true);
}

async fn all_that_a_backend_may_say_of_a_user_is_kept() {
    let sdk = sdk().await;
    let made = sdk
        .post(
            "/users",
            json!({
                "external_id": "app-1", "first_name": "Ada", "last_name": "Lovelace",
                "email_address": ["ada@example.com", "countess@example.com"],
                "email_address_identification_status": ["verified", "verified"],
                "skip_password_requirement": true, "username": null, "phone_number": [],
                "public_metadata": {"plan": "pro"}, "private_metadata": {"note": "x"}, "unsafe_metadata": {"theme": 1},
                "delete_self_enabled": false, "created_at": "2012-10-20T07:15:20.902Z",
                "legal_accepted_at": "2012-10-20T07:15:20.902Z",
            }),
        )
        .await
        .ok()
        .json;
    assert_eq!(made["external_id"], "app-1");
    assert_eq!((&made["first_name"], &made["last_name"]), (&json!("Ada"), &json!("Lovelace")));
    let addresses: Vec<&Value> =
        made["email_addresses"].as_array().unwrap().iter().map(|e| &e["email_address"]).collect();
    assert_eq!(addresses, ["ada@example.com", "countess@example.com"]);
    assert_eq!(made["primary_email_address_id"], made["email_addresses"][0]["id"]);
    assert_eq!(made["public_metadata"], json!({"plan": "pro"}));
    assert_eq!(made["private_metadata"], json!({"note": "x"}));
    assert_eq!(made["unsafe_metadata"], json!({"theme": 1}));
    assert_eq!((&made["password_enabled"], &made["delete_self_enabled"]), (&json!(false), &json!(false)));
    assert_eq!(
        (&made["created_at"], &made["legal_accepted_at"]),
        (&json!(1_350_717_320_902_i64), &json!(1_350_717_320_902_i64))
    );
    assert_eq!((&made["banned"], &made["locked"]), (&json!(false), &json!(false)));
    let shown = sdk.get(&format!("/users/{}", made["id"].as_str().unwrap())).await.ok().json;
    assert_eq!(shown, made);
}

async fn faults_are_told_by_field_and_nothing_is_half_made() {
    let sdk = sdk().await;
    sdk.user("ada@example.com").await;
    sdk.post(
        "/users",
        json!({"email_address": ["eve@example.com"], "external_id": "app-1", "skip_password_requirement": true}),
    )
    .await
    .ok();
    let bob = "bob@example.com";
    for (form, refused) in [
        (json!({}), "422 form_param_missing email_address"),
        (json!({"email_address": "bob@example.com"}), "422 form_param_format_invalid email_address"),
        (json!({"email_address": ["not one"]}), "422 form_param_format_invalid email_address"),
        (json!({"email_address": ["ada@example.com"]}), "422 form_identifier_exists email_address"),
        (json!({"email_address": [bob, "ADA@example.com"]}), "422 form_identifier_exists email_address"),
        (json!({"email_address": [bob, "BOB@example.com"]}), "422 form_identifier_exists email_address"),
        (json!({"email_address": [bob], "external_id": "app-1"}), "422 form_identifier_exists external_id"),
        (json!({"email_address": [bob], "password": "short"}), "422 form_password_length_too_short password"),
        (json!({"email_address": [bob], "password": 7}), "422 form_param_format_invalid password"),
        (json!({"email_address": [bob], "password": "password1234"}), "422 form_password_not_strong_enough password"),
        (
            json!({"email_address": [bob], "first_name": "a".repeat(101)}),
            "422 form_param_max_length_exceeded first_name",
        ),
        (json!({"email_address": [bob], "public_metadata": [1]}), "422 form_param_format_invalid public_metadata"),
        (
            json!({"email_address": [bob], "public_metadata": {"a": "x".repeat(9_000)}}),
            "422 form_param_value_too_large public_metadata",
        ),
        (json!({"email_address": [bob], "created_at": "yesterday"}), "422 form_param_format_invalid created_at"),
        (json!({"email_address": [bob], "phone_number": ["+15555550100"]}), "422 form_param_unknown phone_number"),
        (json!({"email_address": [bob], "backup_codes": ["JBSWY3DPEHPK3PXP"]}), "422 form_param_unknown backup_codes"),
        (
            json!({"email_address": [bob], "email_address_identification_status": ["reserved"]}),
            "422 form_param_value_invalid email_address_identification_status",
        ),
        (json!({"email_address": [bob], "password_digest": "x"}), "422 form_param_missing password_hasher"),
        (
            json!({"email_address": [bob], "password_digest": "x", "password_hasher": "rot13"}),
            "422 form_password_digest_invalid password_hasher",
        ),
        (
            json!({"email_address": [bob], "password_digest": "x", "password_hasher": "bcrypt"}),
            "422 form_password_digest_invalid password_digest",
        ),
        (json!({"email_address": [bob], "id": "user_1"}), "422 form_param_unknown id"),
    ] {
        let told = sdk.post("/users", form.clone()).await;
        assert_eq!(told.refusal(), refused, "{form}");
    }
    assert_eq!(sdk.get("/users/count").await.json["total_count"], 2);
}

async fn a_user_moves_in_with_the_hash_it_had() {
    let sdk = sdk().await;
    // The MD5 of "correct horse battery staple".
    let md5 = "9cc2ae8a1ba7a93da39b46fc1019c481";
    let form = json!({"email_address": ["ada@example.com"], "password_digest": md5, "password_hasher": "md5"});
    let made = sdk.post("/users", form).await.ok();
    assert_eq!(made.json["password_enabled"], true);
    let rows = sdk.web.database.rows().await;
    assert!(!rows["housekey_password"][0].contains(md5), "a weak digest is never kept bare");
    let app = sdk.web.app(1);
    assert_eq!(app.sign_in("ada@example.com", "another password").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = app.sign_in("ada@example.com", "correct horse battery staple").await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert!(sdk.web.database.rows().await["housekey_password"][0].contains("$argon2id$v=19$m=8,t=1,p=1$"));
}

async fn changes_touch_what_they_name() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let at = format!("/users/{id}");
    let told = sdk.patch(&at, json!({"last_name": "Lovelace", "external_id": "app-1"})).await.ok().json;
    assert_eq!((&told["first_name"], &told["last_name"]), (&json!("Ada"), &json!("Lovelace")));
    let told = sdk.patch(&at, json!({"first_name": null, "external_id": ""})).await.ok().json;
    assert_eq!((&told["first_name"], &told["external_id"]), (&Value::Null, &Value::Null));
    assert_eq!(told["last_name"], "Lovelace");
    let other = sdk.user("eve@example.com").await;
    sdk.patch(&format!("/users/{other}"), json!({"external_id": "app-2"})).await.ok();
    assert_eq!(
        sdk.patch(&at, json!({"external_id": "app-2"})).await.refusal(),
        "422 form_identifier_exists external_id"
    );
    assert_eq!(
        sdk.patch(&at, json!({"public_metadata": {}})).await.refusal(),
        "422 form_param_unknown public_metadata"
    );
    let foreign = sdk.get(&format!("/users/{other}")).await.json["primary_email_address_id"].clone();
    let told = sdk.patch(&at, json!({"primary_email_address_id": foreign})).await;
    assert_eq!(told.refusal(), "422 form_param_value_invalid primary_email_address_id", "another user's address");
}

async fn a_new_password_ends_the_old_one_and_sessions_where_that_is_wanted() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let app = sdk.web.app(1);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    let at = format!("/users/{id}");
    sdk.patch(&at, json!({"password": "tangerine quilt obelisk"})).await.ok();
    assert_eq!(app.client().await["sessions"].as_array().unwrap().len(), 1);
    assert!(sdk.web.house.mail_to("ada@example.com").await.unwrap().subject.as_str().contains("password"));
    sdk.patch(&at, json!({"password": "marmalade sextant umbra", "sign_out_of_other_sessions": true})).await.ok();
    assert_eq!(app.client().await["sessions"], json!([]));
    let other = sdk.web.app(2);
    assert_eq!(other.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    other.sign_in("ada@example.com", "marmalade sextant umbra").await.ok();
}

async fn metadata_are_merged_or_replaced() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let at = format!("/users/{id}/metadata");
    let first = json!({"public_metadata": {"a": {"b": 1, "c": 2}}, "private_metadata": {"p": 1}});
    sdk.patch(&at, first).await.ok();
    let told = sdk.patch(&at, json!({"public_metadata": {"a": {"c": null, "d": 3}}})).await.ok().json;
    assert_eq!(told["public_metadata"], json!({"a": {"b": 1, "d": 3}}));
    assert_eq!(told["private_metadata"], json!({"p": 1}));
    let told = sdk.put(&at, json!({"public_metadata": {"z": 1}})).await.ok().json;
    assert_eq!((&told["public_metadata"], &told["private_metadata"]), (&json!({"z": 1}), &json!({"p": 1})));
    assert_eq!(
        sdk.patch(&at, json!({"private_metadata": 1})).await.refusal(),
        "422 form_param_format_invalid private_metadata"
    );
    // The browser never sees what the backend keeps for itself.
    let app = sdk.web.app(1);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    let body = app.get("/v1/client").await.body;
    assert!(body.contains("\"z\":1") && !body.contains("private_metadata"));
}

async fn sec_24_a_banned_user_is_out_at_once_and_stays_out() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let app = sdk.web.app(1);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    let session = app.session().await;
    assert_eq!(sdk.post(&format!("/users/{id}/ban"), Value::Null).await.ok().json["banned"], true);
    assert_eq!(app.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.client().await["sessions"], json!([]));
    assert_eq!(app.sign_in("ada@example.com", PASSWORD).await.refusal(), "403 user_banned");
    assert_eq!(sdk.post("/users/unban", json!({"user_ids": [id]})).await.ok().json[0]["banned"], false);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    assert_eq!(sdk.post("/users/ban", json!({"user_ids": []})).await.refusal(), "422 form_param_missing user_ids");
    let unknown = json!({"user_ids": [id, "user_2abc"]});
    assert_eq!(sdk.post("/users/ban", unknown).await.status, StatusCode::NOT_FOUND);
    assert_eq!(sdk.get(&format!("/users/{id}")).await.json["banned"], false, "all of them or none");
}

async fn a_locked_user_stays_where_it_is_signed_in_and_signs_in_nowhere() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let app = sdk.web.app(1);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    let told = sdk.post(&format!("/users/{id}/lock"), Value::Null).await.ok().json;
    assert_eq!((&told["locked"], &told["lockout_expires_in_seconds"]), (&json!(true), &json!(3600)));
    assert_eq!(app.client().await["sessions"].as_array().unwrap().len(), 1);
    let other = sdk.web.app(2);
    assert_eq!(other.sign_in("ada@example.com", PASSWORD).await.refusal(), "403 user_locked");
    sdk.web.house.clock.advance(std::time::Duration::from_secs(3601));
    other.sign_in("ada@example.com", PASSWORD).await.ok();
    sdk.post(&format!("/users/{id}/lock"), Value::Null).await.ok();
    assert_eq!(sdk.post(&format!("/users/{id}/unlock"), Value::Null).await.ok().json["locked"], false);
    sdk.web.app(3).sign_in("ada@example.com", PASSWORD).await.ok();
}

async fn a_deleted_user_is_gone() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let app = sdk.web.app(1);
    app.sign_in("ada@example.com", PASSWORD).await.ok();
    let told = sdk.delete(&format!("/users/{id}")).await.ok();
    assert_eq!(told.json, json!({"object": "user", "id": id, "deleted": true}));
    assert_eq!(app.client().await["sessions"], json!([]));
    assert_eq!(sdk.get(&format!("/users/{id}")).await.refusal(), "404 resource_not_found");
    assert_eq!(sdk.delete(&format!("/users/{id}")).await.refusal(), "404 resource_not_found");
    sdk.user("ada@example.com").await;
}

async fn a_password_can_be_checked_and_taken_away() {
    let sdk = sdk_with(settings()).await;
    let id = sdk.user("ada@example.com").await;
    let check = format!("/users/{id}/verify_password");
    assert_eq!(sdk.post(&check, json!({"password": PASSWORD})).await.ok().json, json!({"verified": true}));
    assert_eq!(sdk.post(&check, json!({"password": "wrong"})).await.refusal(), "422 form_password_incorrect password");
    let told = sdk.post(&format!("/users/{id}/remove_password"), json!({})).await.ok();
    assert_eq!(told.json["password_enabled"], false);
    assert_eq!(
        sdk.post(&check, json!({"password": PASSWORD})).await.refusal(),
        "422 form_param_value_invalid password"
    );
}

async fn a_picture_is_drawn_anew() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(300, 200).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let part = |file: &[u8]| {
        let mut body = b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n".to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        body
    };
    let header = format!("Bearer {}", sdk.key);
    let headers = [("authorization", header.as_str()), ("content-type", "multipart/form-data; boundary=x")];
    let at = format!("/users/{id}/profile_image");
    let told = sdk.send("POST", &at, &headers, part(png.get_ref())).await.ok().json;
    assert_eq!(told["has_image"], true);
    let url = told["image_url"].as_str().unwrap().to_owned();
    let shown = sdk.jar.send("GET", url.strip_prefix(&sdk.web.url).unwrap(), &[], "").await;
    assert_eq!(shown.headers["content-type"], "image/jpeg");
    let told = sdk.send("POST", &at, &headers, part(b"<svg/>")).await;
    assert_eq!(told.refusal(), "422 image_type_not_supported file");
    assert_eq!(sdk.delete(&at).await.ok().json["has_image"], false);
}

async fn twenty_changes_at_once_are_all_kept() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    let at = format!("/users/{id}/metadata");
    for round in 0..4 {
        let sent = (0..3).map(|n| {
            let key = format!("k{}", round * 3 + n);
            sdk.patch(&at, json!({"public_metadata": {key: 1}}))
        });
        for told in futures_util::future::join_all(sent).await {
            told.ok();
        }
    }
    let kept = sdk.get(&format!("/users/{id}")).await.json["public_metadata"].as_object().unwrap().len();
    assert_eq!(kept, 12, "none of them was lost");
}

async fn what_is_nobody_s_is_not_found() {
    let sdk = sdk().await;
    for (method, path) in [
        ("GET", "/users/user_2abc"),
        ("GET", "/users/x"),
        ("PATCH", "/users/sess_2abc"),
        ("POST", "/users/user_2abc/ban"),
        ("POST", "/users/user_2abc/lock"),
        ("POST", "/users/user_2abc/remove_password"),
        ("PATCH", "/users/user_2abc/metadata"),
        ("GET", "/sessions/sess_2abc"),
        ("GET", "/clients/client_2abc"),
        ("GET", "/email_addresses/idn_2abc"),
        ("POST", "/invitations/inv_2abc/revoke"),
        ("POST", "/sign_in_tokens/sit_2abc/revoke"),
        ("DELETE", "/allowlist_identifiers/alid_2abc"),
        ("GET", "/jwt_templates/jtmp_2abc"),
        ("DELETE", "/redirect_urls/ru_2abc"),
    ] {
        let body = if method == "PATCH" { json!({}) } else { Value::Null };
        assert_eq!(sdk.call(method, path, body).await.refusal(), "404 resource_not_found", "{method} {path}");
    }
}
