//! Pages from templates: built in, and overridden by an operator one file at a time. All are read at the start.

use super::{
    moments,
    overrides::{self, Templates},
    words::Words,
};
use crate::settings::{Colour, Settings};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, value::Kwargs};
use rust_embed::RustEmbed;
use std::{collections::HashMap, fmt::Write, path::Path, sync::Arc};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// What solves challenges in Clerk's components, on pages of other origins.
const CHECK: &str = "protect-check.js";

/// Everything that pages are made of.
pub(crate) struct Pages {
    templates: Environment<'static>,
    words: Arc<Words>,
    logo: Option<String>,
    check: Option<String>,
    assets: HashMap<String, Asset>,
}

/// A file that never changes under its name.
pub(super) struct Asset {
    pub kind: &'static str,
    /// Whether pages of other origins load it.
    pub shared: bool,
    pub bytes: Vec<u8>,
}

/// A template or a word that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PageFault(pub(super) String);

impl Pages {
    /// Reads all templates, the operator's in place of the built-in ones of the same name, and the assets.
    pub(crate) fn new(settings: &Settings) -> Result<Self, PageFault> {
        let words = Arc::new(Words::load().map_err(PageFault)?);
        let (assets, names) = assets(settings);
        let mount = settings.mount.as_str().to_owned();
        let logo = names.get("logo").cloned();
        let check = names.get(CHECK).cloned();
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        let writer = words.clone();
        templates.add_function("t", move |id: &str, kwargs: Kwargs| writer.in_template(id, &kwargs));
        let base = mount.clone();
        // Inside an app, the start is the app's.
        templates.add_function("url", move |path: &str| match path {
            "/" => path.to_owned(),
            path => format!("{base}{path}"),
        });
        templates.add_function("asset", move |name: &str| {
            names.get(name).map_or_else(String::new, |hashed| format!("{mount}/static/{hashed}"))
        });
        templates.add_filter("moment", moments::moment);
        templates.add_filter("iso", moments::iso);
        templates.add_filter("day", moments::day);
        let teller = words.clone();
        templates.add_filter("ago", move |at: i64, now: i64| moments::ago(&teller, at, now));
        let folder = settings.templates.as_deref();
        overrides::nothing_stray(folder)?;
        for name in Templates::iter() {
            let source = overrides::source(&name, folder)?;
            templates
                .add_template_owned(name.to_string(), source)
                .map_err(|e| PageFault(format!("template pages/{name}, line {}: {}", e.line().unwrap_or(0), e)))?;
        }
        Ok(Self { templates, words, logo, check, assets })
    }

    /// Writes a page.
    pub(super) fn render(&self, template: &str, context: Value) -> Result<String, minijinja::Error> {
        self.templates.get_template(template)?.render(context)
    }

    /// One message, filled in.
    pub(super) fn words(&self, id: &str, args: &[(&str, &str)]) -> Option<String> {
        self.words.with(id, args)
    }

    /// The address of the operator's picture; empty without one.
    pub(crate) fn logo(&self, mount: &str) -> String {
        self.logo.as_ref().map_or_else(String::new, |name| format!("{mount}/static/{name}"))
    }

    /// The path of the script that solves challenges in components, if it is built in.
    pub(crate) fn check(&self, mount: &str) -> Option<String> {
        self.check.as_ref().map(|name| format!("{mount}/static/{name}"))
    }

    /// A file by its hashed name.
    pub(super) fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }
}

/// Files by their hashed names, and the hashed names by the plain ones.
fn assets(settings: &Settings) -> (HashMap<String, Asset>, HashMap<String, String>) {
    let mut files: Vec<(String, Asset)> = Static::iter()
        .filter_map(|name| {
            let bytes = Static::get(&name)?.data.into_owned();
            let kind = match name.rsplit('.').next() {
                Some("css") => "text/css; charset=utf-8",
                Some("js") => "text/javascript; charset=utf-8",
                Some("svg") => "image/svg+xml",
                _ => "application/octet-stream",
            };
            Some((name.to_string(), Asset { kind, shared: name == CHECK, bytes }))
        })
        .collect();
    let brand = brand(settings.accent).into_bytes();
    files.push(("brand.css".into(), Asset { kind: "text/css; charset=utf-8", shared: false, bytes: brand }));
    if let Some(logo) = settings.logo.as_deref().and_then(read_logo) {
        files.push(logo);
    }
    let mut names = HashMap::new();
    let mut assets = HashMap::new();
    for (name, asset) in files {
        let hashed = hashed(&name, &asset.bytes);
        names.insert(
            name.rsplit_once('.').filter(|(n, _)| *n == "logo").map_or(name.clone(), |_| "logo".into()),
            hashed.clone(),
        );
        assets.insert(hashed, asset);
    }
    (assets, names)
}

fn read_logo(path: &Path) -> Option<(String, Asset)> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    let kind = match end.as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        _ => return None,
    };
    let bytes = std::fs::read(path).ok()?;
    Some((format!("logo.{end}"), Asset { kind, shared: false, bytes }))
}

fn hashed(name: &str, bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut short = String::new();
    for byte in digest.as_ref().iter().take(6) {
        // Writing to a String cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    match name.rsplit_once('.') {
        Some((stem, end)) => format!("{stem}-{short}.{end}"),
        None => format!("{name}-{short}"),
    }
}

/// The sunk surfaces of the light and the dark page, on which text is hardest to read.
const LIGHT_GROUND: [u8; 3] = [239, 242, 246];
const DARK_GROUND: [u8; 3] = [40, 44, 50];

/// The operator's colour as custom properties: text on it is dark or light, whichever reads better, and as a text
/// colour it is darkened or lightened until it can be read on the page.
fn brand(accent: Colour) -> String {
    let rgb = accent.rgb();
    let on = if contrast(rgb, [255, 255, 255]) >= 4.5 { "#ffffff" } else { "#101418" };
    let fill = if on == "#ffffff" || contrast(rgb, [16, 20, 24]) >= 4.5 {
        accent.to_string()
    } else {
        hex(toward(rgb, 255, [16, 20, 24]))
    };
    let light = hex(toward(rgb, 0, LIGHT_GROUND));
    let dark = hex(toward(rgb, 255, DARK_GROUND));
    format!(":root{{--accent:{fill};--on-accent:{on};--accent-text:light-dark({light}, {dark})}}\n")
}

/// The colour moved toward black (0) or white (255) until it reads on this ground.
fn toward(mut rgb: [u8; 3], end: u8, ground: [u8; 3]) -> [u8; 3] {
    for _ in 0..40 {
        if contrast(rgb, ground) >= 4.6 {
            break;
        }
        rgb = rgb.map(|c| {
            let moved = f64::from(c) + (f64::from(end) - f64::from(c)) * 0.08;
            if end == 0 { moved.floor() as u8 } else { moved.ceil() as u8 }
        });
    }
    rgb
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// WCAG 2.2's contrast of two colours.
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let light = |rgb: [u8; 3]| {
        let [r, g, b] = rgb.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accent_can_be_read() {
        let value = |css: &str, name: &str| {
            let at = css.find(&format!("--{name}:")).unwrap() + name.len() + 3;
            Colour::parse(&css[at..at + 7]).unwrap().rgb()
        };
        for text in ["#2f5bd6", "#ffee00", "#000000", "#ffffff", "#0a7d4f", "#ff0000", "#808080", "#00ffff", "#777777"]
        {
            let css = brand(Colour::parse(text).unwrap());
            assert!(contrast(value(&css, "accent"), value(&css, "on-accent")) >= 4.5, "{text}: {css}");
            let pair = css.split("light-dark(").nth(1).unwrap();
            let colour = |at: usize| Colour::parse(&pair[at..at + 7]).unwrap().rgb();
            assert!(contrast(colour(0), LIGHT_GROUND) >= 4.5, "{text}: {css}");
            assert!(contrast(colour(9), DARK_GROUND) >= 4.5, "{text}: {css}");
        }
    }
}
