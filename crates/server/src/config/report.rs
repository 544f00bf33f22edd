//! All faults of a configuration in one report.

use std::{fmt, io::IsTerminal, ops::Range};

use housekey::settings::{Fault, Source};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// The file as the report may quote it.
pub struct Excerpt {
    pub text: String,
    pub spans: Vec<(String, Range<usize>)>,
    pub hidden: Vec<Range<usize>>,
}

/// Why a configuration was refused: every fault, in the order of the sources.
#[derive(Debug)]
pub struct Report {
    faults: Vec<One>,
}

impl Report {
    /// Faults in the file quote their line; secrets in it are blotted out.
    pub fn new(mut faults: Vec<Fault>, excerpt: Option<Excerpt>) -> Self {
        faults.sort_by(|a, b| place(a).cmp(&place(b)));
        let quotable = excerpt.map(|excerpt| (blot(&excerpt.text, &excerpt.hidden), excerpt.spans));
        let faults = faults.into_iter().map(|fault| One::new(fault, quotable.as_ref())).collect();
        Self { faults }
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let one = |one: &One| {
            let line = if let Source::File { line, .. } = &one.fault.source { Some(*line) } else { None };
            serde_json::json!({
                "key": one.fault.key, "source": one.fault.source.to_string(), "line": line,
                "wrong": one.fault.wrong.what, "write": one.fault.wrong.write,
            })
        };
        serde_json::json!({ "ok": false, "faults": self.faults.iter().map(one).collect::<Vec<_>>() })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theme = if std::io::stderr().is_terminal() { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        let pages = GraphicalReportHandler::new_themed(theme)
            .with_context_lines(0)
            .with_width(100)
            .without_syntax_highlighting();
        match self.faults.as_slice() {
            [_] => writeln!(f, "The configuration has one fault.")?,
            faults => writeln!(f, "The configuration has {} faults.", faults.len())?,
        }
        for one in &self.faults {
            writeln!(f)?;
            pages.render_report(f, one)?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

#[derive(Debug)]
struct One {
    fault: Fault,
    quote: Option<(NamedSource<String>, Range<usize>)>,
}

type Quotable = (String, Vec<(String, Range<usize>)>);

impl One {
    fn new(fault: Fault, quotable: Option<&Quotable>) -> Self {
        let quote = match (&fault.source, quotable) {
            (Source::File { path, .. }, Some((text, spans))) => spans
                .iter()
                .find(|(name, _)| *name == fault.key)
                .map(|(_, span)| (NamedSource::new(path, text.clone()), span.clone())),
            _ => None,
        };
        Self { fault, quote }
    }
}

impl fmt::Display for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { key, source, wrong } = &self.fault;
        match source {
            Source::Default => write!(f, "{key} is {}", wrong.what),
            source => write!(f, "{source}: {key} is {}", wrong.what),
        }
    }
}

impl std::error::Error for One {}

impl Diagnostic for One {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("write {}", self.fault.wrong.write)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.quote.as_ref().map(|(source, _)| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.quote.as_ref()?;
        let label = LabeledSpan::new_with_span(None, span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

fn place(fault: &Fault) -> (u8, usize, &str) {
    match &fault.source {
        Source::File { line, .. } => (0, *line, fault.key.as_str()),
        Source::Environment(_) => (1, 0, fault.key.as_str()),
        Source::Flag(_) => (2, 0, fault.key.as_str()),
        _ => (3, 0, fault.key.as_str()),
    }
}

/// The same text with hidden parts as stars: byte for byte, so that places hold.
fn blot(text: &str, hidden: &[Range<usize>]) -> String {
    text.char_indices()
        .flat_map(|(at, c)| {
            let inside = c != '\n' && hidden.iter().any(|range| range.contains(&at));
            let times = if inside { c.len_utf8() } else { 1 };
            std::iter::repeat_n(if inside { '*' } else { c }, times)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_keeps_its_length() {
        let text = "a = \"sé\ncret\"\nb = 1\n";
        let blotted = blot(text, std::slice::from_ref(&(4..14)));
        assert_eq!(blotted.len(), text.len());
        assert_eq!(blotted, "a = ****\n*****\nb = 1\n");
    }
}
