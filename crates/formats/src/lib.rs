//! Bytes to and from engine types: CloudEvents, ledger documents, policy, zone and calendar files, mappings.
