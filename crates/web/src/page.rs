//! The page for operators: the pipeline with its counts, the latest cases and the latest messages, in Chinese or English.
//! It is complete without script; the script only keeps it fresh.

mod alarms;
mod look;
mod pipeline;
mod tables;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::app::App;
use crate::board::View;
use crate::lang::{Lang, Words};
use crate::problem::Problem;
use crate::query::Parameters;

/// The parts of the page that change, by the id of the element that holds each.
pub(crate) type Fragments = [(&'static str, String); 4];

/// Renders every part that changes.
pub(crate) fn fragments(view: &View, lang: Lang) -> Fragments {
    let words = lang.words();
    [
        ("alarms", alarms::markup(view, words).into_string()),
        ("pipeline", pipeline::markup(&view.counts, words).into_string()),
        ("cases", tables::cases(&view.cases, lang).into_string()),
        ("messages", tables::messages(&view.messages, words).into_string()),
    ]
}

/// As of when the page speaks.
pub(crate) fn as_of(view: &View) -> String {
    let (at, zone) = &view.at;
    zone.to_offset(at.to_jiff())
        .to_datetime(at.to_jiff())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

pub(crate) async fn index(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["lang"])?;
    let lang = Lang::choose(parameters.get("lang"), &headers);
    let view = app.board.view(&app).await;
    let status = view.as_ref().map_or_else(Problem::status, |_| StatusCode::OK);
    let page = document(view.as_deref(), lang, app.parts.version).into_string();
    let mut response = (status, Html(page)).into_response();
    let languages = HeaderValue::from_static("accept-language");
    response.headers_mut().insert(header::VARY, languages);
    Ok(response)
}

fn document(view: Result<&View, &Problem>, lang: Lang, version: &str) -> Markup {
    let words = lang.words();
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Clearwalk · " (words.title) }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/app.css";
                script src="/assets/app.js" defer {}
            }
            body {
                a.skip href="#main" { (words.skip) }
                (top(lang))
                main #main { (content(view, lang)) }
                (foot(view.ok(), words, version))
            }
        }
    }
}

fn top(lang: Lang) -> Markup {
    let words = lang.words();
    let other = match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    html! {
        header.top {
            h1 { span.brand { "Clearwalk" } " " span.title { (words.title) } }
            p #connection role="status" data-live=(words.live) data-paused=(words.paused) data-lost=(words.lost)
                data-held-back=(words.held_back) data-stream={ "/live?lang=" (lang.code()) } hidden {}
            nav {
                button #pause type="button" data-pause=(words.pause) data-resume=(words.resume) hidden { (words.pause) }
                a #reload href={ "/?lang=" (lang.code()) } { (words.reload) }
                a href={ "/?lang=" (other.code()) } lang=(other.tag()) hreflang=(other.tag()) { (words.other_language) }
            }
        }
    }
}

fn content(view: Result<&View, &Problem>, lang: Lang) -> Markup {
    let words = lang.words();
    let view = match view {
        Ok(view) => view,
        Err(problem) => {
            return html! { div #alarms { (alarms::trouble(problem.detail(), words)) } };
        }
    };
    let [alarms, pipeline, cases, messages] = fragments(view, lang).map(|(id, text)| (id, PreEscaped(text)));
    html! {
        div id=(alarms.0) { (alarms.1) }
        section aria-labelledby="pipeline-title" {
            h2 #pipeline-title { (words.pipeline) }
            p.hint { (words.pipeline_hint) }
            div.flow id=(pipeline.0) { (pipeline.1) }
        }
        (table_section(words.latest_cases, words.scroll_hint, cases))
        (table_section(words.latest_messages, words.scroll_hint, messages))
    }
}

/// The scrolling frame stays when its content is replaced, so that nobody loses the place.
fn table_section(title: &str, hint: &str, (id, rows): (&str, PreEscaped<String>)) -> Markup {
    html! {
        section aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title) }
            div.scroll role="region" tabindex="0" aria-label={ (title) " (" (hint) ")" } {
                div.rows id=(id) { (rows) }
            }
        }
    }
}

fn foot(view: Option<&View>, words: &Words, version: &str) -> Markup {
    html! {
        footer {
            @if let Some(view) = view {
                p { (words.as_of) " " time #as-of { (as_of(view)) } " " span { (look::offset(view)) } }
                p { (words.ledgers) " " span.figure { (look::figure(view.counts.ledgers)) } }
            }
            p { (words.masked) }
            p { (words.data) ": " a href="/v1/stats" { "/v1/stats" } " · " a href="/openapi.json" { "/openapi.json" } }
            p { "Clearwalk " (version) }
        }
    }
}
