//! The description of the API, as OpenAPI 3.1: its paths are made from the table of routes, its schemas are written by
//! hand and held to the answers by tests.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::access::Needs;
use crate::app::App;
use crate::routes::{self, Answer, Route};

const COMPONENTS: &str = include_str!("components.json");

pub(crate) async fn document(State(app): State<App>) -> Response {
    Json(describe(app.parts.version)).into_response()
}

/// The whole description.
fn describe(version: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation(&route);
    }
    let components: Value = serde_json::from_str(COMPONENTS).expect("a test reads it");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Clearwalk operations API",
            "version": version,
            "description": "Takes facts, shows what the service decided and sent, writes down what people decide, and stops or \
                            resumes sending. Times are RFC 3339; ids are strings; money is in the minor unit.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": components,
    })
}

fn operation(route: &Route) -> Value {
    let mut answers: Map<String, Value> = route.answers.iter().map(answer).collect();
    answers.insert(
        "default".to_owned(),
        json!({ "$ref": "#/components/responses/Problem" }),
    );
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "responses": answers,
    });
    if !route.parameters.is_empty() {
        let named = route.parameters.iter();
        operation["parameters"] = named
            .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
            .collect();
    }
    if !route.body.is_empty() {
        let content: Map<String, Value> = route
            .body
            .iter()
            .map(|(media, schema)| ((*media).to_owned(), json!({ "schema": reference(schema) })))
            .collect();
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    if route.needs != Needs::Nothing {
        operation["security"] = json!([{ "token": [] }]);
        operation["description"] = json!(format!("Wants a token with the scope `{}`.", route.needs.word()));
    }
    operation
}

fn answer(answer: &Answer) -> (String, Value) {
    let mut described = json!({ "description": answer.description });
    if let Some((media, schema)) = answer.content {
        let schema = match schema {
            Some(schema) => reference(schema),
            None if media == "application/json" => json!({ "type": "object" }),
            None => json!({ "type": "string" }),
        };
        described["content"] = json!({ media: { "schema": schema } });
    }
    if answer.has_tag {
        described["headers"] = json!({ "ETag": { "schema": { "type": "string" } } });
    }
    (answer.status.to_string(), described)
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
