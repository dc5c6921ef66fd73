//! What the service needs of the world: a stream of facts, a store, an SMS gateway, a vehicle registry and a clock,
//! as traits with their errors. Nothing here does anything, and nothing here knows a vendor.

pub mod clock;
pub mod commit;
pub mod contact;
pub mod dispatch;
pub mod gateway;
pub mod log;
pub mod quarantine;
pub mod read;
pub mod receipt;
pub mod registry;
pub mod restore;
pub mod store;
