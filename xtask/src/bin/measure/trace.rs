//! What the kernel saw of one write: `kill -9` alone proves no power cut.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::drive::browser::Browser;
use crate::drive::person;
use crate::drive::server::Place;

/// Changes a name under strace and finds, in this order: the request, a sync
/// of the log that ended well, the answer.
pub async fn synced_before_the_answer(place: &Place, browser: &Browser) -> Result<()> {
    let file = place.folder().join("trace");
    let calls = "trace=fsync,fdatasync,read,recvfrom,readv,write,writev,sendto,sendmsg";
    let wrapper = ["strace", "-f", "-y", "-qq", "-s", "64", "-e", "signal=none", "-e", calls, "-o"];
    let mut wrapper: Vec<String> = wrapper.iter().map(ToString::to_string).collect();
    wrapper.push(file.to_string_lossy().into_owned());
    let server = place.start_under(&wrapper).await.context("starting under strace")?;
    person::set_name(browser, "traced").await?;
    // Ends the tracer as well, which leaves its file whole.
    let traced = fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.id())).unwrap_or_default();
    for id in traced.split_whitespace() {
        let _ = std::process::Command::new("kill").args(["-TERM", id]).status();
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    drop(server);
    order(&fs::read_to_string(&file).context("reading the trace")?)
}

fn order(trace: &str) -> Result<()> {
    let mut asked = false;
    let mut synced = false;
    let mut begun: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let thread = line.split_whitespace().next().unwrap_or_default();
        if line.contains("POST /account") {
            asked = true;
            synced = false;
        } else if is_log_sync(line) && line.ends_with("= 0") {
            synced |= asked;
        } else if is_log_sync(line) && line.contains("unfinished") {
            // Begun before the request, it says nothing of the request's rows.
            begun.insert(thread, asked);
        } else if line.contains("sync resumed") && line.ends_with("= 0") && begun.remove(thread) == Some(true) {
            synced |= asked;
        } else if asked && line.contains("HTTP/1.1 303") {
            if synced {
                return Ok(());
            }
            bail!("the answer left before the log was synced: {line}");
        }
    }
    bail!("the trace shows no write and its answer")
}

fn is_log_sync(line: &str) -> bool {
    (line.contains("fsync(") || line.contains("fdatasync(")) && (line.contains("-wal>") || line.contains("-journal>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK: &str = r#"7 recvfrom(9<socket:[1]>, "POST /account HTTP/1.1\r\n"..., 8192) = 300"#;
    const ANSWER: &str = r#"7 writev(9<socket:[1]>, [{iov_base="HTTP/1.1 303 See Other\r\n"..., iov_len=90}], 1) = 90"#;

    #[test]
    fn a_sync_between_request_and_answer_is_found() {
        let whole = format!("{ASK}\n8 fdatasync(5</d/housekey.db-wal>) = 0\n{ANSWER}\n");
        assert!(order(&whole).is_ok());
        let in_parts = format!(
            "{ASK}\n8 fdatasync(5</d/housekey.db-wal> <unfinished ...>\n8 <... fdatasync resumed>) = 0\n{ANSWER}\n"
        );
        assert!(order(&in_parts).is_ok());
    }

    #[test]
    fn an_answer_without_a_sync_is_found_out() {
        assert!(order(&format!("8 fdatasync(5</d/housekey.db-wal>) = 0\n{ASK}\n{ANSWER}\n")).is_err());
        assert!(order(&format!("{ASK}\n8 fdatasync(5</d/housekey.db-wal>) = -1 EIO\n{ANSWER}\n")).is_err());
        let begun_before = format!(
            "8 fdatasync(5</d/housekey.db-wal> <unfinished ...>\n{ASK}\n8 <... fdatasync resumed>) = 0\n{ANSWER}\n"
        );
        assert!(order(&begun_before).is_err());
        assert!(order(&format!("{ASK}\n8 fdatasync(5</d/other>) = 0\n{ANSWER}\n")).is_err());
    }
}
