//! The reference page, made from the tables that the parser reads.

use housekey::settings::Scope;

use super::catalogue::{KeyInfo, catalogue};

const HEAD: &str = "\
# Configuration

<!-- Made by `housekey config reference`. Change the table of keys, then run it again. -->

Housekey starts without any configuration, for development on your own machine. Values come from, the later winning:

1. the defaults below;
2. the database, for keys an administrator may change (*policy* keys);
3. `housekey.toml` in the working folder, or the file after `--config` (or in `HOUSEKEY_CONFIG`);
4. environment variables: `HOUSEKEY__SECTION__KEY`, lists separated by commas;
5. flags of the command line.

What the file, the environment or a flag sets is *pinned*: it can't be changed in the database.
A *secret* can also be read from a file: add `_file` to its key (`mail.smtp_file`, `HOUSEKEY__MAIL__SMTP_FILE`).
Paths in the file are relative to the file's folder. Lengths of time are a number and `s`, `m`, `h` or `d`.

`housekey config check` tells every fault at once; `housekey config show` tells each value and where it comes from.
An `https` public URL means production, which refuses to start with unsafe or missing settings.
";

/// The page in Markdown.
pub fn reference_markdown() -> String {
    let mut out = HEAD.to_owned();
    let mut section = "";
    for info in &catalogue() {
        if info.section() != section {
            section = info.section();
            out.push_str(&format!("\n## [{section}]\n"));
        }
        out.push_str(&entry(info));
    }
    out
}

/// The same for programs.
pub fn reference_json() -> serde_json::Value {
    let one = |info: &KeyInfo| {
        serde_json::json!({
            "key": info.name, "type": info.kind.to_string(), "default": (info.default)(info.name),
            "unset": info.unset, "policy": info.scope == Scope::Policy, "secret": info.is_secret(),
            "environment": info.variable(), "example": info.example, "doc": info.doc,
        })
    };
    catalogue().iter().map(one).collect()
}

fn entry(info: &KeyInfo) -> String {
    let default = match (info.default)(info.name) {
        Some(value) => format!("`{value}`"),
        None => info.unset.to_owned(),
    };
    let place = match info.scope {
        Scope::Boot => "file, environment",
        Scope::Policy => "file, environment, database",
    };
    let (section, key) = info.name.split_once('.').unwrap_or(("", info.name));
    format!(
        "\n### {name}\n\n{doc}\n\n- Takes: {kind}\n- Default: {default}\n- Set in: {place} (`{variable}`)\n\n\
         ```toml\n[{section}]\n{key} = {example}\n```\n",
        name = info.name,
        doc = info.doc,
        kind = info.kind,
        variable = info.variable(),
        example = info.example,
    )
}
