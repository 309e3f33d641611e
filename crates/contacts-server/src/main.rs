//! The binary `contacts`.

use std::process::ExitCode;

fn main() -> ExitCode {
    contacts_server::cli::main()
}
