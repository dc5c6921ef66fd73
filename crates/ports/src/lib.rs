//! What the service needs of the world: traits and their errors.
