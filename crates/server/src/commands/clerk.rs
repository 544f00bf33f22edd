//! `housekey clerk …` and `housekey keys rotate clerk`

use std::process::ExitCode;

use housekey::Housekey;
use serde_json::{Value, json};

use super::{told, words_of as text};
use crate::{
    config::Flags,
    errands::Errand,
    out::{print, print_json},
};

/// `clerk keys new`.
pub fn clerk_keys_new(flags: &Flags, name: String, test: bool, json: bool) -> anyhow::Result<ExitCode> {
    told(flags, Errand::SecretKeyNew { name, test }, json, settings)
}

/// `clerk keys list`.
pub fn clerk_keys_list(flags: &Flags, json: bool) -> anyhow::Result<ExitCode> {
    told(flags, Errand::SecretKeyList, json, table)
}

/// `clerk keys revoke`.
pub fn clerk_keys_revoke(flags: &Flags, id: String, json: bool) -> anyhow::Result<ExitCode> {
    told(flags, Errand::SecretKeyRevoke { id }, json, |done| format!("Revoked {}.\n", text(done, "id")))
}

/// `keys rotate clerk`.
pub fn rotate(flags: &Flags, activate: bool, json: bool) -> anyhow::Result<ExitCode> {
    if activate {
        return told(flags, Errand::SigningKeyActivate, json, |done| {
            format!("Session tokens are signed by this key now:\n\n{}", text(done, "jwt_key"))
        });
    }
    told(flags, Errand::SigningKeyNext, json, |done| {
        format!(
            "Published. Give it to apps that verify with `CLERK_JWT_KEY`, then run\n\
             `housekey keys rotate clerk --activate`:\n\n{}",
            text(done, "jwt_key")
        )
    })
}

/// `clerk coverage`: no server is needed, the routes are in this program.
pub fn clerk_coverage(json: bool) -> anyhow::Result<ExitCode> {
    let all = Housekey::clerk_coverage();
    let served = all.iter().filter(|one| one.served).count();
    if json {
        let one = |o: &housekey::doors::Coverage| json!({ "api": o.api, "method": o.method, "path": o.path, "served": o.served });
        let operations: Vec<Value> = all.iter().map(one).collect();
        print_json(&json!({ "operations": operations, "served": served, "published": all.len() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = String::new();
    for one in &all {
        let state = if one.served { "served" } else { "501" };
        out.push_str(&format!("{:<9} {:<6} {:<7} {}\n", one.api, state, one.method, one.path));
    }
    out.push_str(&format!("{served} of {} operations are served.\n", all.len()));
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// The settings of each SDK, ready to be pasted.
fn settings(done: &Value) -> String {
    let [publishable, secret, pem, url] =
        ["publishable_key", "secret_key", "jwt_key", "url"].map(|name| text(done, name));
    // An environment file holds a PEM on one line.
    let pem = pem.trim_end().replace('\n', "\\n");
    format!(
        "Publishable key  {publishable}
Secret key       {secret}
The secret key is shown this once. Keep it on your servers alone.

List your app's origin in `server.app_origins`, and keep Clerk's browser scripts here:
  housekey clerk bundles add --from-registry

@clerk/nextjs: .env.local
  NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY={publishable}
  NEXT_PUBLIC_CLERK_PROXY_URL=/__clerk
  CLERK_SECRET_KEY={secret}
  CLERK_API_URL={url}/api
  CLERK_JWT_KEY=\"{pem}\"
next.config.ts
  rewrites: async () => [{{ source: '/__clerk/:path*', destination: '{url}/:path*' }}],
proxy.ts (middleware.ts before Next.js 16): the matcher leaves out what is forwarded
  '/((?!__clerk|_next|…

@clerk/react (forward /__clerk of your app to {url})
  <ClerkProvider publishableKey=\"{publishable}\" proxyUrl=\"/__clerk\">

@clerk/vue (forward /__clerk as well)
  app.use(clerkPlugin, {{ publishableKey: '{publishable}', proxyUrl: '/__clerk' }})

@clerk/astro: environment (forward /__clerk as well)
  PUBLIC_CLERK_PUBLISHABLE_KEY={publishable}
  PUBLIC_CLERK_PROXY_URL=/__clerk
  CLERK_SECRET_KEY={secret}
  CLERK_API_URL={url}/api

@clerk/express, @clerk/fastify, @clerk/hono: environment
  CLERK_PUBLISHABLE_KEY={publishable}
  CLERK_SECRET_KEY={secret}
  CLERK_API_URL={url}/api
  CLERK_JWT_KEY=\"{pem}\"
  CLERK_PROXY_URL={url}
(Fastify and Hono take the last one as the option proxyUrl.)

@clerk/backend
  createClerkClient({{ publishableKey: '{publishable}', secretKey: '{secret}', apiUrl: '{url}/api', proxyUrl: '{url}' }})

@clerk/clerk-js
  new Clerk('{publishable}', {{ proxyUrl: '{url}' }})

clerk-backend-api (Python)
  Clerk(bearer_auth=\"{secret}\", server_url=\"{url}/api/v1\")
"
    )
}

fn table(done: &Value) -> String {
    let keys = done.as_array().map(Vec::as_slice).unwrap_or_default();
    if keys.is_empty() {
        return "There is none yet; `housekey clerk keys new` makes one.\n".to_owned();
    }
    let line = |key: &Value| {
        let state = match key.get("revoked_at").and_then(Value::as_str) {
            Some(at) => format!("revoked {at}"),
            None => key
                .get("last_used_at")
                .and_then(Value::as_str)
                .map_or_else(|| "never used".to_owned(), |at| format!("last used {at}")),
        };
        let (id, name, hint) = (text(key, "id"), text(key, "name"), text(key, "ends_in"));
        format!("{id}  {name:<16} …{hint}  made {}, {state}\n", text(key, "created_at"))
    };
    keys.iter().map(line).collect()
}
