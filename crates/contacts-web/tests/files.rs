//! Checks the files in `ui/`: each reference has a target, nothing breaks the content security policy,
//! and all files are small.
#![expect(clippy::unwrap_used, reason = "a helper may fail its test")]

#[expect(unreachable_pub, dead_code, reason = "no crate uses a test")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use actix_web::http::Method;

use crate::support::{ask, asset, get};

/// Maximum size of one file in bytes, compressed.
const MAX_FILE_BYTES: usize = 8_000;

/// Maximum size in bytes, compressed, of all files that the first rows need. Headers add some 9,000.
const MAX_FIRST_LOAD_BYTES: usize = 24_000;

/// APIs that create markup, code or inline styles from strings, which the policy forbids.
const FORBIDDEN: &[&str] = &[
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "javascript:",
    "setAttribute(\"style\"",
    "setAttribute(\"on",
];

#[test]
fn every_referenced_file_exists() {
    let mut seen = BTreeSet::new();
    for file in files() {
        let text = read(&file);
        for named in named(&file, &text) {
            let target = resolve(&file, &named);
            let path = if target.starts_with('/') { target } else { asset(&target) };
            let is_there = seen.contains(&path) || get(&path).status == 200;
            assert!(is_there, "{file} references {named}, which does not exist");
            seen.insert(path);
        }
    }
}

#[test]
fn the_document_has_no_inline_script_or_style() {
    for file in files().iter().filter(|file| file.ends_with(".html")) {
        let text = read(file).to_lowercase();
        assert!(!text.contains("<style"), "{file}: move it to app.css");
        assert!(!text.contains(" style="), "{file}: move it to app.css");
        for script in text.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(
                tag.contains(" src=") && rest.starts_with("</script>"),
                "{file}: <script{tag}>"
            );
        }
        for (at, _) in text.match_indices(" on") {
            let name: String =
                text[at + 1..].chars().take_while(char::is_ascii_alphabetic).collect();
            let is_handler = text[at + 1 + name.len()..].starts_with('=');
            assert!(!is_handler, "{file}: add the listener for {name} in a script");
        }
    }
}

#[test]
fn no_script_creates_markup_or_code_from_strings() {
    for file in files().iter().filter(|file| file.ends_with(".js")) {
        let text = without_comments(&read(file));
        for forbidden in FORBIDDEN {
            assert!(!text.contains(forbidden), "{file} has {forbidden}, which the policy forbids");
        }
    }
}

#[test]
fn every_file_is_small() {
    for file in files() {
        let bytes = on_the_wire(&asset_or_document(&file));
        assert!(
            bytes <= MAX_FILE_BYTES,
            "{file} is {bytes} bytes on the wire, {MAX_FILE_BYTES} at most: split it"
        );
    }
}

#[test]
fn the_first_load_is_small() {
    let mut needed = BTreeSet::from(["index.html", "app.css", "icon.svg"].map(str::to_owned));
    needed.extend(imported_from(&["main.js", "frame.js", "pages/list.js"]));
    let bytes: usize = needed.iter().map(|file| on_the_wire(&asset_or_document(file))).sum();
    assert!(
        bytes <= MAX_FIRST_LOAD_BYTES,
        "the first load is {bytes} bytes, {MAX_FIRST_LOAD_BYTES} at most: import what only some pages need \
         when they are opened; it is {needed:?}"
    );
}

#[test]
fn modules_are_requested_ahead_when_a_page_imports_them() {
    let frame = imported_from(&["frame.js"]);
    let pages: [(&str, &[&str]); 2] =
        [("LIST", &["pages/list.js"]), ("CONTACT", &["pages/record.js", "pages/record/opened.js"])];
    assert_eq!(ahead("FRAME"), frame, "change FRAME in main.js");
    for (list, entries) in pages {
        let imported: BTreeSet<_> = imported_from(entries).difference(&frame).cloned().collect();
        assert_eq!(ahead(list), imported, "change {list} in main.js");
    }
}

/// The files of a list in `main.js`.
fn ahead(list: &str) -> BTreeSet<String> {
    let main = read("main.js");
    let names = quoted_after(&main, &format!("const {list} =")).concat();
    names.split(' ').map(|name| format!("{name}.js")).collect()
}

/// Some modules and all that they import statically, directly or not.
fn imported_from(entries: &[&str]) -> BTreeSet<String> {
    let mut open: Vec<_> = entries.iter().map(|&entry| entry.to_owned()).collect();
    let mut found = BTreeSet::new();
    while let Some(file) = open.pop() {
        if found.insert(file.clone()) {
            let text = without_comments(&read(&file));
            open.extend(statically(&text).iter().map(|named| resolve(&file, named)));
        }
    }
    found
}

#[test]
fn references_are_found() {
    let text = "import \"./a.js\";\nimport { b,\n  c } from './b.js';\nexport * from \"./c.js\";\n\
                /** @type {import(\"./types.d.ts\").T} */\n// import \"./no.js\"\n\
                const page = await import(\"../d.js\"); say(\"from \" + a); a = \"*/*\";";
    let text = without_comments(text);
    assert_eq!(statically(&text), ["./a.js", "./b.js", "./c.js"]);
    assert_eq!(named("pages/x.js", &text), ["./a.js", "./b.js", "./c.js", "../d.js"]);
    assert_eq!(resolve("pages/x.js", "../d.js"), "d.js");
    assert_eq!(resolve("pages/x.js", "./a.js"), "pages/a.js");
    let html =
        "<link href=\"{{assets}}/app.css\"><a href=\"/new\"><a href=\"#main\"><img src='a.svg'>";
    assert_eq!(named("index.html", html), ["{{assets}}/app.css", "/new", "a.svg"]);
    assert_eq!(resolve("index.html", "{{assets}}/app.css"), "app.css");
    assert_eq!(named("app.css", "a { b: url(\"x.svg\"), url(data:1) }"), ["x.svg"]);
}

/// The references of a file: imports of a script, links and sources of the document, pictures of a
/// stylesheet.
fn named(file: &str, text: &str) -> Vec<String> {
    let found = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("js") => {
            let text = without_comments(text);
            let mut all = statically(&text);
            all.extend(quoted_after(&text, "import("));
            all
        }
        Some("html") => {
            [" href=", " src="].iter().flat_map(|attribute| quoted_after(text, attribute)).collect()
        }
        Some("css") => {
            ["url(", "@import "].iter().flat_map(|word| quoted_after(text, word)).collect()
        }
        _ => Vec::new(),
    };
    let is_file = |named: &String| !named.starts_with('#') && !named.starts_with("data:");
    found.into_iter().filter(is_file).collect()
}

/// The static imports of a script.
fn statically(text: &str) -> Vec<String> {
    let mut found: Vec<_> =
        ["import ", "from "].iter().flat_map(|w| quoted_after(text, w)).collect();
    // A sentence may end in "from ", too.
    found.retain(|named| named.starts_with(['.', '/']));
    found.sort();
    found
}

/// The quoted texts directly after a word.
fn quoted_after(text: &str, word: &str) -> Vec<String> {
    let quoted = |rest: &str| {
        let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
        rest[1..].split(quote).next().map(str::to_owned)
    };
    text.split(word).skip(1).filter_map(|rest| quoted(rest.trim_start())).collect()
}

/// Resolves a reference to a file name in `ui/`, or to a path of the page.
fn resolve(file: &str, named: &str) -> String {
    if let Some(name) = named.strip_prefix("{{assets}}/") {
        return name.to_owned();
    }
    if named.starts_with('/') {
        return named.to_owned();
    }
    let mut parts: Vec<_> = file.split('/').collect();
    parts.pop();
    for part in named.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop().expect("it leads out of ui/")),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A script without its comments, which reference types. `/*` inside a string follows a star or a
/// quote, as in `"*/*"`.
fn without_comments(text: &str) -> String {
    let (mut rest, mut kept) = (text, String::new());
    while let Some(at) = rest.find("/*") {
        let is_string = rest[..at].ends_with(['*', '"', '\'']);
        kept.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        if is_string {
            kept.push_str("/*");
        } else {
            rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
        }
    }
    kept.push_str(rest);
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    kept.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

fn asset_or_document(file: &str) -> String {
    if file == "index.html" { "/".to_owned() } else { asset(file) }
}

fn on_the_wire(path: &str) -> usize {
    let answer = ask(Method::GET, path, &[("accept-encoding", "gzip")]);
    assert_eq!(answer.status, 200, "{path}");
    answer.body.len()
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_default()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}

/// The names of all embedded files.
fn files() -> Vec<String> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    collect(&folder(), &mut files);
    let name = |file: PathBuf| file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<_> = files.into_iter().map(name).collect();
    names.retain(|name| !name.ends_with(".d.ts"));
    names.sort();
    names
}
