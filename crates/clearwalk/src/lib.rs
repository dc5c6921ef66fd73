//! The binary: configuration, wiring, telemetry, shutdown and commands.
