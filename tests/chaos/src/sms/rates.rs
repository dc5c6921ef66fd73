//! How often each fault befalls a message: five in a hundred for each group of faults, shared by the faults of the group;
//! but for those that stop all sending for a while, or cost megabytes, which are drawn a number of times.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use world::gateway::{Fault, ReceiptFault, Verdict};

/// The share of each group.
const SHARE: f64 = 0.05;

/// The plan of the provider.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    seed: u64,
    sends: BTreeMap<String, f64>,
    look_ups: BTreeMap<String, f64>,
    receipts: BTreeMap<String, f64>,
}

/// Faults that share a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Refused,
    Waits,
    NotTaken,
    Taken,
}

fn group(fault: Fault) -> Group {
    let name = fault.name();
    match fault.verdict() {
        Verdict::None => Group::NotTaken,
        Verdict::Accepted => Group::Taken,
        Verdict::Refused if costs(name).is_some() => Group::Waits,
        Verdict::Refused => Group::Refused,
    }
}

/// How often, per million, a fault is drawn that holds up everybody or costs megabytes.
fn costs(name: &str) -> Option<f64> {
    let times = match name {
        // An hour of rest each, unless the service is begun anew.
        "throttled-absurd" => 4.0,
        // A second or two of rest each.
        "throttled-seconds"
        | "throttled-date"
        | "throttled-date-ahead"
        | "throttled-negative"
        | "unavailable-seconds"
        | "unavailable-date" => 20.0,
        // Until a person resumes.
        "unauthorized" | "forbidden" => 25.0,
        "huge-body" | "gzip-bomb" => 40.0,
        "huge-head" | "broken-among-good" => 400.0,
        // Receipts in such numbers.
        "in-ten-thousand" => 6.0,
        "hundredfold" => 100.0,
        _ => return None,
    };
    Some(times)
}

impl Rates {
    /// For so many messages.
    pub(super) fn new(notices: u64, seed: u64) -> Rates {
        let millions = notices as f64 / 1e6;
        // Two draws at least are meant, also of the dear ones and in a short run.
        let dear = |times: f64| (times * millions).max(2.0) / notices as f64;
        let share = |name: &str, of: usize| {
            let plain = SHARE / of as f64;
            costs(name).map_or(plain, |times| dear(times).min(plain))
        };
        let faults: Vec<Fault> = Fault::all().collect();
        let size = |group_of: Group| faults.iter().filter(|fault| group(**fault) == group_of).count();
        let sends = faults
            .iter()
            .map(|fault| (fault.name().to_owned(), share(fault.name(), size(group(*fault)))))
            .collect();
        let harmless: Vec<&Fault> = faults
            .iter()
            .filter(|it| it.verdict() != Verdict::Accepted)
            .collect();
        let look_ups = harmless
            .iter()
            .map(|fault| (fault.name().to_owned(), SHARE / harmless.len() as f64))
            .collect();
        let receipts = ReceiptFault::ALL
            .iter()
            .map(|fault| {
                (
                    fault.name().to_owned(),
                    share(fault.name(), ReceiptFault::ALL.len()),
                )
            })
            .collect();
        Rates {
            seed,
            sends,
            look_ups,
            receipts,
        }
    }

    /// The provider's plan file. Look-ups never say `delivered` by themselves, so that only a receipt may have said so.
    pub(super) fn plan(&self, receipts_to: &str, secret: &str, diary: &Path) -> Result<String> {
        let plan = json!({
            "seed": self.seed, "rates": self.sends, "look_up_rates": self.look_ups,
            "retry_after": "1s", "slow_by": "300ms", "drip": "20ms", "hang_limit": "30s",
            "receipt_delay": "10000h", "look_up_lag": "2s",
            "connections": {"close": 0.01, "reset": 0.01, "hang": 0.01, "idle": "400ms"},
            "receipts": {
                "to": receipts_to, "secret": secret, "delay": "300ms", "rates": self.receipts, "batch": 400,
                "again": ["500ms", "2s", "5s", "15s"], "log": diary,
            },
        });
        Ok(serde_json::to_string_pretty::<Value>(&plan)?)
    }

    /// Every rate by its name: of sends, look-ups and receipts.
    pub(super) fn all(&self) -> [(&'static str, &BTreeMap<String, f64>); 3] {
        [
            ("send", &self.sends),
            ("look-up", &self.look_ups),
            ("receipt", &self.receipts),
        ]
    }
}
