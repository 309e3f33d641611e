//! No property is left out of its contract's macro.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_property_is_named_by_a_macro() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    let is_macros = |path: &&PathBuf| {
        path.file_name().unwrap().to_str().is_some_and(|name| name.starts_with("macros"))
    };
    let macros = files.iter().filter(is_macros).map(|path| fs::read_to_string(path).unwrap());
    let macros: String = macros.collect();
    let named: Vec<_> = macros.split_whitespace().collect();
    let mut properties = 0;
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| line.ends_with("(ports: &Ports) {")) {
            let Some(rest) = line.strip_prefix("pub fn ") else { continue };
            let (name, _) = rest.split_once('(').unwrap();
            assert!(named.contains(&name), "name {name} in contract/macros.rs, or it never runs");
            properties += 1;
        }
    }
    assert!(properties > 80, "the properties are looked for in the wrong place");
}
