//! The operator's files in place of built-in page templates.

use super::render::PageFault;
use rust_embed::RustEmbed;
use std::path::Path;

/// The built-in templates.
#[derive(RustEmbed)]
#[folder = "templates/pages/"]
pub(super) struct Templates;

/// A file that replaces nothing was meant to: its name is wrong, or it lies beside its folder. Hidden files, and those
/// that editors leave behind, are passed over.
pub(super) fn nothing_stray(folder: Option<&Path>) -> Result<(), PageFault> {
    let Some(folder) = folder else { return Ok(()) };
    for (place, known) in [(folder.to_owned(), None), (folder.join("pages"), Some(()))] {
        let files = match std::fs::read_dir(&place) {
            Ok(files) => files,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && known.is_some() => continue,
            Err(e) => return Err(PageFault(format!("templates {}: {e}", place.display()))),
        };
        for file in files {
            let file = file.map_err(|e| PageFault(format!("templates {}: {e}", place.display())))?;
            let name = file.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let path = file.path();
            if known.is_none() && !(path.is_dir() && matches!(name.as_str(), "pages" | "mail")) {
                let why = "templates lie in the folders pages and mail";
                return Err(PageFault(format!("template {}: {why}", path.display())));
            }
            if known.is_some() && Templates::get(&name).is_none() {
                let all = Templates::iter().collect::<Vec<_>>().join(", ");
                let why = format!("no page uses a file of this name; known are {all}");
                return Err(PageFault(format!("template {}: {why}", path.display())));
            }
        }
    }
    Ok(())
}

/// A page's template: the operator's, or the built-in one.
pub(super) fn source(name: &str, folder: Option<&Path>) -> Result<String, PageFault> {
    if let Some(folder) = folder {
        let path = folder.join("pages").join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(PageFault(format!("template {}: {e}", path.display()))),
        }
    }
    let file = Templates::get(name).ok_or_else(|| PageFault(format!("template {name} is missing")))?;
    String::from_utf8(file.data.into_owned()).map_err(|_| PageFault(format!("template {name} is not text")))
}

#[cfg(test)]
mod tests {
    use super::super::render::Pages;
    use crate::settings::Settings;
    use std::fs;

    /// What a start says to these files.
    fn told(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let settings = Settings { templates: Some(folder.path().to_owned()), ..Settings::default() };
        match Pages::new(&settings) {
            Ok(pages) => pages.render("foot.html", minijinja::context! {}).unwrap_or_else(|e| e.to_string()),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn an_operators_file_stands_in_for_one_page_alone() {
        assert_eq!(told(&[("pages/foot.html", "<p>{{ 6 * 7 }}</p>"), ("pages/.foot.html.swp", "{{")]), "<p>42</p>");
    }

    #[test]
    fn a_broken_file_is_told_with_its_line() {
        let told = told(&[("pages/foot.html", "<p>\n{% if %}\n</p>")]);
        assert!(told.contains("foot.html") && told.contains("line 2"), "{told}");
    }

    #[test]
    fn a_file_that_replaces_nothing_is_refused() {
        let misspelt = told(&[("pages/fot.html", "x")]);
        assert!(misspelt.contains("fot.html") && misspelt.contains("foot.html"), "{misspelt}");
        let beside = told(&[("foot.html", "x")]);
        assert!(beside.contains("in the folders pages and mail"), "{beside}");
    }
}
