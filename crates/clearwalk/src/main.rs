//! The binary: its arguments in, its exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    clearwalk::run(std::env::args_os())
}
