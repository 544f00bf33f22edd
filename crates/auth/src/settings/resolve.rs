//! From what every source says to one value for each key.

use std::collections::BTreeMap;

use super::{Fault, Given, Key, Scope, Source};

/// One source's word on one key.
pub struct Assignment {
    /// The key's full name.
    pub key: &'static str,
    /// What was written.
    pub given: Given,
    /// By whom.
    pub source: Source,
}

/// What came out: the values, who set them, and everything that is wrong.
pub struct Resolved<S> {
    /// The values; where there was a fault, the value before it.
    pub settings: S,
    /// The source that won, for each key that somebody set.
    pub sources: BTreeMap<&'static str, Source>,
    /// All faults; empty means that the settings may be used.
    pub faults: Vec<Fault>,
}

/// Applies assignments from the weakest source to the strongest. A value that a
/// stronger one hides is still read, so that its fault is told now and not on
/// the day when the stronger one goes.
pub fn resolve<S: Default>(table: &'static [Key<S>], mut given: Vec<Assignment>) -> Resolved<S> {
    given.sort_by_key(|assignment| rank(&assignment.source));
    let mut out = Resolved { settings: S::default(), sources: BTreeMap::new(), faults: Vec::new() };
    for Assignment { key: name, given, source } in given {
        let Some(key) = table.iter().find(|key| key.name == name) else {
            continue;
        };
        // A boot key in the database is a leftover of another release or an
        // attempt to reach what only the machine's owner may set.
        if source == Source::Database && key.scope == Scope::Boot {
            continue;
        }
        match key.kind.accept(given).and_then(|value| (key.set)(&mut out.settings, value)) {
            Ok(()) => {
                out.sources.insert(key.name, source);
            }
            Err(wrong) => out.faults.push(Fault { key: name.to_owned(), source, wrong }),
        }
    }
    out
}

fn rank(source: &Source) -> u8 {
    match source {
        Source::Default => 0,
        Source::Database => 1,
        Source::File { .. } => 2,
        Source::Environment(_) => 3,
        Source::Flag(_) => 4,
        Source::Builder => 5,
    }
}
