//! The binary `contacts`.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// glibc's allocator keeps freed memory in an arena for each thread, and a server has a dozen.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    contacts_server::cli::main()
}
