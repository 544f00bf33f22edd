//! The marked blocks of a Markdown file.

/// What is to be done with a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Each line is a command that ends.
    Run,
    /// Each line starts a server.
    Serve,
    /// The block shows this file.
    Shows(String),
}

/// A marked block.
#[derive(PartialEq, Eq, Debug)]
pub struct Block {
    /// From its opening line.
    pub kind: Kind,
    /// Its lines, as they stand there.
    pub lines: Vec<String>,
}

impl Block {
    /// The lines that are commands.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter().map(|line| line.trim());
        lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

/// All marked blocks, in their order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").and_then(kind) else {
            continue;
        };
        let inside = lines.by_ref().take_while(|line| *line != "```");
        found.push(Block { kind, lines: inside.map(str::to_owned).collect() });
    }
    found
}

fn kind(opening: &str) -> Option<Kind> {
    match opening.split_once(' ')? {
        ("sh", "run") => Some(Kind::Run),
        ("sh", "serve") => Some(Kind::Serve),
        ("rust", mark) => mark.strip_prefix("file=").map(|path| Kind::Shows(path.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_blocks_count() {
        let text =
            "```sh\nrm -r /\n```\n```sh run\n# why\ntrue\n\nfalse\n```\n```rust file=a/b.rs\nfn main() {}\n```\n";
        let found = blocks(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].kind, Kind::Run);
        assert_eq!(found[0].commands().collect::<Vec<_>>(), ["true", "false"]);
        assert_eq!(found[1].kind, Kind::Shows("a/b.rs".into()));
        assert_eq!(found[1].lines, ["fn main() {}"]);
    }

    #[test]
    fn a_server_is_told_from_a_command() {
        assert_eq!(blocks("```sh serve\ncargo run\n```\n")[0].kind, Kind::Serve);
    }
}
