//! SMS providers over HTTP.
