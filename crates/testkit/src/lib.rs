//! For tests only: a store in memory that is the model of the real ones, the promises that every store keeps, and a
//! clock, a gateway and a registry that do what a test says; for simulations a store that fails, actors that take turns,
//! requests that are on the wire, and planted defects.

pub mod clock;
pub mod conformance;
pub mod defect;
pub mod fault;
pub mod gateway;
pub mod memory;
pub mod post;
pub mod registry;
pub mod turns;

pub use clock::FixedClock;
pub use defect::Defect;
pub use fault::FaultyStore;
pub use gateway::ScriptedGateway;
pub use memory::MemoryStore;
pub use registry::StaticRegistry;
