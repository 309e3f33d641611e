//! Prints the API's description: `cargo run -p contacts-http --example openapi`.

#[expect(clippy::unwrap_used, reason = "a failure is to be seen by whoever runs it")]
fn main() {
    println!("{}", contacts_http::openapi().to_pretty_json().unwrap());
}
