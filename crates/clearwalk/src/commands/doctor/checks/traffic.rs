//! What went through lately, held against the files: zones that nobody wrote down, owners that nobody finds.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::rules::Rules;
use formats::case_line::CaseLine;
use jiff::tz::TimeZone;
use ports::quarantine::QuarantineStore as _;
use ports::read::{CaseFilter, ReadStore as _, StoredCase};
use ports::registry::{OwnerQuery, Registry};
use ports::store::StoreError;
use store_sqlite::SqliteStore;

use super::Check;
use crate::config::{RegistryKind, Settings};
use crate::instant;

/// The latest cases that are looked at: a day of a city.
const CASES: usize = 1000;
/// Of so many plates the owner is asked for.
const PLATES: usize = 200;
/// Names in one line.
const NAMED: usize = 5;
/// Records that are counted.
const COUNTED: usize = 1000;

pub(super) async fn checks(
    settings: &Settings,
    store: &SqliteStore,
    rules: &Rules,
    registry: Option<Arc<dyn Registry>>,
) -> Result<Vec<Check>, StoreError> {
    let filter = CaseFilter {
        effective_only: true,
        newest_first: true,
        ..CaseFilter::default()
    };
    let latest = store.cases(&filter, CASES).await?;
    let lines: Vec<CaseLine> = latest
        .iter()
        .filter_map(|stored: &StoredCase| CaseLine::parse(&stored.body).ok())
        .collect();
    let mut checks = Vec::new();
    if settings.zones.is_some() && !lines.is_empty() {
        checks.push(zones(rules, &lines));
    }
    if let (RegistryKind::File(_), Some(registry)) = (&settings.registry, registry)
        && !lines.is_empty()
    {
        checks.push(owners(rules, &*registry, &lines).await);
    }
    checks.push(aside(store).await?);
    Ok(checks)
}

/// Zones that cameras send and the file does not know.
fn zones(rules: &Rules, lines: &[CaseLine]) -> Check {
    let sent: BTreeSet<&str> = lines
        .iter()
        .flat_map(|line| &line.zones)
        .map(String::as_str)
        .filter(|zone| *zone != "unknown" && !zone.is_empty())
        .collect();
    let unknown: Vec<&str> = sent
        .into_iter()
        .filter(|zone| rules.zone(zone).is_none())
        .collect();
    if unknown.is_empty() {
        return Check::well("zones", "the file has every zone of the latest cases");
    }
    let names = unknown.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    Check::doubtful(
        "zones",
        format!(
            "{} zones of the latest cases are in no file: {names}",
            unknown.len()
        ),
        "add them to rules.zones; until then they have no kind and no authority of their own",
    )
}

/// Whether the registry has owners of plates that were seen lately. Plates are not named.
async fn owners(rules: &Rules, registry: &dyn Registry, lines: &[CaseLine]) -> Check {
    let mut asked = BTreeSet::new();
    let mut found = 0;
    for line in lines {
        let mut parts = line.subject.split('/');
        let (number, class) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("-"));
        let Ok(at) = instant::parse(&line.from) else {
            continue;
        };
        if asked.len() == PLATES || !asked.insert(line.subject.as_str()) {
            continue;
        }
        let query = OwnerQuery {
            number: number.into(),
            class: class.into(),
            at,
            zone: zone_of(rules, line),
        };
        match registry.owners(&query).await {
            Ok(owners) => found += usize::from(!owners.is_empty()),
            Err(error) => return Check::bad("owners", error, "see registry"),
        }
    }
    let said = format!(
        "{found} of {} plates of the latest cases have an owner with a phone",
        asked.len()
    );
    if found == 0 {
        return Check::bad(
            "owners",
            said,
            "is registry.path the file of this city, and is it of this year?",
        );
    }
    if found * 2 < asked.len() {
        return Check::doubtful("owners", said, "bring the registry's file up to date");
    }
    Check::well("owners", said)
}

/// The zone of the policy that decided a case, in which the registry's dates are days.
fn zone_of(rules: &Rules, line: &CaseLine) -> TimeZone {
    let mut policies = rules.policies().iter();
    let found = policies.find(|policy| line.policy.as_deref() == Some(policy.name().as_str()));
    found.map_or(TimeZone::UTC, |policy| policy.time_zone.clone())
}

/// Records that were set aside and wait for a person.
async fn aside(store: &SqliteStore) -> Result<Check, StoreError> {
    let records = store.aside(0, COUNTED).await?;
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(Check::well("set aside", "no record"));
    };
    let handled = store.handlings(first.position, last.position).await?.len();
    let open = records.len() - handled;
    if open == 0 {
        return Ok(Check::well("set aside", "every record was handled"));
    }
    let more = if records.len() == COUNTED { " or more" } else { "" };
    Ok(Check::doubtful(
        "set aside",
        format!("{open}{more} records wait for a person"),
        "see `clearwalk dlq list`",
    ))
}
