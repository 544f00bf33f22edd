//! Housekey in your own app: `/` greets whoever is signed in, anybody else is led to sign in and back.
use axum::{Router, routing::get};
use housekey::{Housekey, Key, Store, User};
use std::{error::Error, net::SocketAddr};

async fn home(user: User) -> String {
    format!("Hello, {}!", user.email.unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let auth = Housekey::builder(Store::sqlite("app.db")?) // or Store::postgres(pool), with your own sqlx::PgPool
        .public_url("http://localhost:3000") // https in production, with .smtp(url, from)
        .mount("/auth")
        .key(Key::file_or_new("app.key")) // or Key::env("HOUSEKEY_KEY")
        .migrate()
        .build()
        .await?;
    println!("The codes it mails are at {}", auth.dev_mail_link().unwrap_or_default());
    let app = Router::new().route("/", get(home)).merge(auth.router()).layer(auth.layer());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let stop = || async { drop(tokio::signal::ctrl_c().await) };
    let serve = axum::serve(listener, service).with_graceful_shutdown(stop());
    let (served, ()) = tokio::join!(serve.into_future(), auth.run(stop())); // run: mail, sweeping, other nodes
    Ok(served?)
}
