//! A new migration is no Rust file: without this it would not be built in.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
