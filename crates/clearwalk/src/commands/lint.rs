//! `policy lint`: every mistake of the files that decide, at once.

use std::path::{Path, PathBuf};

use engine::message::Texts;
use formats::plan::PlanError;
use formats::rules_files::{self, RulesFileError, RulesFiles};
use formats::templates;
use serde_json::{Value, json};

use super::Context;
use crate::cli::LintArgs;
use crate::failure::Failure;
use crate::files;
use crate::output::{self, Output};

pub(crate) fn run(context: &Context, args: &LintArgs) -> Result<(), Failure> {
    let configured = args.policies.is_empty()
        && args.zones.is_none()
        && args.calendar.is_none()
        && args.templates.is_none();
    let (sources, templates) = if configured {
        let settings = context.settings()?;
        (settings.rules_files()?, settings.templates_file()?)
    } else {
        given(args)?
    };
    let mistakes = mistakes(&sources, templates.as_ref());
    let count = sources.policies.len()
        + [&sources.zones, &sources.calendar, &templates]
            .iter()
            .filter(|file| file.is_some())
            .count();
    report(context, count, &mistakes)
}

fn given(args: &LintArgs) -> Result<(RulesFiles, Option<(String, String)>), Failure> {
    let one = |path: &Option<PathBuf>| path.as_deref().map(files::read_rules).transpose();
    let policies = args
        .policies
        .iter()
        .map(|path: &PathBuf| files::read_rules(Path::new(path)));
    let sources = RulesFiles {
        policies: policies.collect::<Result<_, _>>()?,
        zones: one(&args.zones)?,
        calendar: one(&args.calendar)?,
    };
    Ok((sources, one(&args.templates)?))
}

/// One thing to mend.
struct Mistake {
    text: String,
    at: Option<PlanError>,
}

fn mistakes(sources: &RulesFiles, templates: Option<&(String, String)>) -> Vec<Mistake> {
    let placed = |error: PlanError| Mistake {
        text: error.to_string(),
        at: Some(error),
    };
    let loose = |text: String| Mistake { text, at: None };
    let mut found = Vec::new();
    let texts = match templates.map(|(file, text)| templates::parse(file, text)) {
        None => Some(Texts::built_in()),
        Some(Ok(texts)) => Some(texts),
        Some(Err(errors)) => {
            found.extend(errors.0.into_iter().map(placed));
            None
        }
    };
    match rules_files::load(sources) {
        Ok(rules) => {
            if let Some(Err(missing)) = texts.map(|texts| rules_files::check_templates(&rules, &texts)) {
                found.extend(missing.lines().map(|line| loose(line.to_owned())));
            }
        }
        Err(RulesFileError::Files(errors)) => found.extend(errors.0.into_iter().map(placed)),
        Err(between @ RulesFileError::Between { .. }) => found.push(loose(between.to_string())),
    }
    found
}

fn report(context: &Context, count: usize, mistakes: &[Mistake]) -> Result<(), Failure> {
    let mut out = Output::new();
    if context.json {
        let list: Vec<Value> = mistakes.iter().map(to_json).collect();
        out.json(&json!({ "files": count, "mistakes": list }))?;
    } else {
        for mistake in mistakes {
            out.line(&mistake.text)?;
        }
    }
    out.end()?;
    if mistakes.is_empty() {
        if !context.json {
            output::say(format!("{} without a mistake", files_of(count)));
        }
        return Ok(());
    }
    Err(Failure::configuration(format!(
        "{} in {}",
        mistakes_of(mistakes.len()),
        files_of(count)
    )))
}

fn to_json(mistake: &Mistake) -> Value {
    match &mistake.at {
        Some(at) => json!({ "file": at.file, "line": at.line, "key": at.key, "message": at.message }),
        None => json!({ "file": null, "line": null, "key": null, "message": mistake.text }),
    }
}

fn files_of(count: usize) -> String {
    if count == 1 {
        "1 file".to_owned()
    } else {
        format!("{count} files")
    }
}

fn mistakes_of(count: usize) -> String {
    if count == 1 {
        "1 mistake".to_owned()
    } else {
        format!("{count} mistakes")
    }
}
