//! No property is left out of its contract's macro.

use std::fs;
use std::path::Path;

#[test]
fn every_property_is_named_by_a_macro() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let macros = ["macros.rs", "macros_bulk.rs", "macros_chat.rs", "macros_syncs.rs"];
    let macros = macros.map(|file| fs::read_to_string(folder.join(file)).unwrap()).concat();
    let named: Vec<_> = macros.split_whitespace().collect();
    let mut properties = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.ends_with("(ports: &Ports) {")) {
            let Some(rest) = line.strip_prefix("pub fn ") else { continue };
            let (name, _) = rest.split_once('(').unwrap();
            assert!(named.contains(&name), "name {name} in contract/macros.rs, or it never runs");
            properties += 1;
        }
    }
    assert!(properties > 80, "the properties are looked for in the wrong place");
}
