//! The binary: its arguments in, its exit code out.

use std::process::ExitCode;

/// Facts and cases are many small pieces, made on one thread and let go on another: what this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    clearwalk::run(std::env::args_os())
}
