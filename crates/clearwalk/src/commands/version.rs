//! `version`.

use serde_json::json;

use super::Context;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if context.json {
        let sqlite = store_sqlite::sqlite_version();
        return output::print_json(&json!({ "name": "clearwalk", "version": version, "sqlite": sqlite }));
    }
    output::print_line(&format!("clearwalk {version}"))
}
