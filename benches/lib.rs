//! Benchmarks with their conditions printed.
