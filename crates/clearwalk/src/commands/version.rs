//! `version`.

use serde_json::json;

use super::Context;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if context.json {
        return output::print_json(&json!({ "name": "clearwalk", "version": version }));
    }
    output::print_line(&format!("clearwalk {version}"))
}
