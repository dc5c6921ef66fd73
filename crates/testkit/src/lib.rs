//! For tests only: a store in memory that is the model of the real ones, the promises that every store keeps, and a
//! clock, a gateway and a registry that do what a test says.

pub mod clock;
pub mod conformance;
pub mod gateway;
pub mod memory;
pub mod registry;

pub use clock::FixedClock;
pub use gateway::ScriptedGateway;
pub use memory::MemoryStore;
pub use registry::StaticRegistry;
