//! Campaigns: the real binary at work while everything around it goes wrong, and an independent look at what came of it.
//!
//! Nothing here trusts the product: what must hold is checked from exports, from the provider's own ledger and from the
//! harness's own log of what it did and when it was answered. A campaign never repairs anything.
//!
//! Who watches the watchers: planted defects of store, provider and clock are a table in `tests/simulation/main.rs`, and
//! spoiled evidence is one in `tests/zoo.rs`, each with the promise under which it must be found.

pub mod dice;
pub mod evidence;
pub mod kills;
pub mod process;
pub mod site;
pub mod sms;
pub mod time;
pub mod wire;
