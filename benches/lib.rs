//! What the benchmarks share: the conditions that every one prints, how runs are taken, and the facts that they read.
//!
//! A benchmark prints what it measured and never asserts a speed; `cargo xtask bench` keeps what was printed.

/// The allocator of the binary, so that figures are those of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod city;
pub mod conditions;
pub mod plate;
pub mod runs;
pub mod table;
