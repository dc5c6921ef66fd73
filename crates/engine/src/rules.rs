//! Everything that decides beside the facts: policy versions, zones, devices and the calendar.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::plate::Grammar;
use crate::policy::Policy;
use crate::time::{Calendar, Timestamp};
use crate::zone::{Device, Zone};

/// What a judgement goes by. Built once, then only read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// By authority, id and start.
    policies: Vec<Arc<Policy>>,
    /// For each policy, the start of the unbroken run of versions that it belongs to.
    run_starts: Vec<Timestamp>,
    zones: Option<BTreeMap<Arc<str>, Zone>>,
    devices: Option<BTreeMap<Arc<str>, Device>>,
    calendar: Calendar,
    /// The authority of zones that name none.
    default_authority: Option<Arc<str>>,
    grammar: Grammar,
}

/// Two policies that cannot both be in force.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RulesError {
    /// Two versions of one id.
    #[error(
        "policy {id}: versions {first} and {second} are in force at the same time; give {first} an `effective.to` not after {second}'s `effective.from`"
    )]
    Versions {
        /// The policy.
        id: Arc<str>,
        /// The earlier version.
        first: Arc<str>,
        /// The later one.
        second: Arc<str>,
    },
    /// One id and version twice.
    #[error("policy {id}: version {version} is given twice")]
    Twice {
        /// The policy.
        id: Arc<str>,
        /// The version.
        version: Arc<str>,
    },
    /// Two ids of one authority for one code.
    #[error(
        "policies {first} and {second} of one authority both govern {code} at the same time; separate their `codes` or `effective` dates"
    )]
    Codes {
        /// One policy.
        first: String,
        /// The other.
        second: String,
        /// What both cover.
        code: String,
    },
    /// Policies of one installation read plates differently.
    #[error("policies {first} and {second} read plates by different grammars; one installation has one")]
    Grammar {
        /// One policy.
        first: String,
        /// The other.
        second: String,
    },
}

impl Rules {
    /// Puts policies, zones, devices and calendar together and checks that no two policies govern one offence.
    pub fn new(
        mut policies: Vec<Arc<Policy>>,
        zones: Option<BTreeMap<Arc<str>, Zone>>,
        devices: Option<BTreeMap<Arc<str>, Device>>,
        calendar: Calendar,
    ) -> Result<Self, RulesError> {
        policies.sort_by(|a, b| {
            (&a.authority, &a.id, a.from, &a.version).cmp(&(&b.authority, &b.id, b.from, &b.version))
        });
        check(&policies)?;
        let run_starts = run_starts(&policies);
        let authorities: BTreeSet<_> = policies.iter().map(|policy| policy.authority.clone()).collect();
        let default_authority = if authorities.len() == 1 {
            authorities.into_iter().next().flatten()
        } else {
            None
        };
        let grammar = policies.first().map_or(Grammar::Cn, |policy| policy.plates);
        Ok(Self {
            policies,
            run_starts,
            zones,
            devices,
            calendar,
            default_authority,
            grammar,
        })
    }

    /// All versions, by authority, id and start.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// Holidays and make-up workdays.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// How plates are read.
    pub fn grammar(&self) -> Grammar {
        self.grammar
    }

    /// The zone in which days are counted under a policy; without one that of the first policy, else UTC.
    pub fn time_zone(&self, policy: Option<usize>) -> &TimeZone {
        static UTC: TimeZone = TimeZone::UTC;
        policy
            .or(Some(0))
            .and_then(|number| self.policies.get(number))
            .map_or(&UTC, |policy| &policy.time_zone)
    }

    /// IANA name of the zone of the first policy, else UTC.
    pub fn time_zone_name(&self) -> &str {
        self.policies
            .first()
            .map_or("UTC", |policy| &policy.time_zone_name)
    }

    /// Whether a zones file was given.
    pub fn has_zones(&self) -> bool {
        self.zones.is_some()
    }

    /// A zone of the file.
    pub fn zone(&self, id: &str) -> Option<&Zone> {
        self.zones.as_ref()?.get(id)
    }

    /// A device of the file.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.devices.as_ref()?.get(id)
    }

    /// A device of the file whose pictures are evidence at `at`.
    pub fn approved_device(&self, at: Timestamp) -> Option<&Arc<str>> {
        let mut devices = self.devices.as_ref()?.iter();
        devices.find(|(_, device)| device.may_speak(at)).map(|(id, _)| id)
    }

    /// Whether pictures of a device are evidence at `at`: without a list of devices every one is approved.
    pub fn device_may_speak(&self, id: &str, at: Timestamp) -> bool {
        self.devices
            .as_ref()
            .is_none_or(|devices| devices.get(id).is_some_and(|device| device.may_speak(at)))
    }

    /// Whose zone it is: its own authority, else the installation's only one.
    pub fn authority_of(&self, zone: Option<&str>) -> Option<Arc<str>> {
        self.authority_in(zone.and_then(|id| self.zone(id))).cloned()
    }

    /// As [`Self::authority_of`], for a zone of the file; none: one that it does not know.
    pub fn authority_in<'s>(&'s self, zone: Option<&'s Zone>) -> Option<&'s Arc<str>> {
        zone.and_then(|zone| zone.authority.as_ref())
            .or(self.default_authority.as_ref())
    }

    /// The version that governs offences of an authority with a code at an instant, by its number in
    /// [`Self::policies`].
    pub fn governing(&self, authority: Option<&str>, code: Option<&str>, at: Timestamp) -> Option<usize> {
        self.policies.iter().position(|policy| {
            policy.authority.as_deref() == authority && policy.in_force(at) && policy.covers(code)
        })
    }

    /// The later versions of the same policy, by their numbers, in order of start.
    pub fn later_versions(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        let this = &self.policies[number];
        (number + 1..self.policies.len()).take_while(move |later| {
            self.policies[*later].id == this.id && self.policies[*later].authority == this.authority
        })
    }

    /// Where the unbroken run of versions begins to which this one belongs.
    pub fn run_start(&self, number: usize) -> Timestamp {
        self.run_starts[number]
    }
}

fn check(policies: &[Arc<Policy>]) -> Result<(), RulesError> {
    for (at, first) in policies.iter().enumerate() {
        for second in &policies[at + 1..] {
            if first.id == second.id && first.version == second.version {
                return Err(RulesError::Twice {
                    id: first.id.clone(),
                    version: first.version.clone(),
                });
            }
            if first.plates != second.plates {
                return Err(RulesError::Grammar {
                    first: first.name(),
                    second: second.name(),
                });
            }
            let apart =
                first.to.is_some_and(|to| to <= second.from) || second.to.is_some_and(|to| to <= first.from);
            if apart {
                continue;
            }
            if first.id == second.id {
                return Err(RulesError::Versions {
                    id: first.id.clone(),
                    first: first.version.clone(),
                    second: second.version.clone(),
                });
            }
            if first.authority == second.authority
                && let Some(code) = common_code(first, second)
            {
                return Err(RulesError::Codes {
                    first: first.name(),
                    second: second.name(),
                    code,
                });
            }
        }
    }
    Ok(())
}

fn common_code(first: &Policy, second: &Policy) -> Option<String> {
    match (&first.codes, &second.codes) {
        (Some(a), Some(b)) => a.intersection(b).next().map(|code| format!("code {code}")),
        (Some(codes), None) | (None, Some(codes)) => codes.first().map(|code| format!("code {code}")),
        (None, None) => Some("all codes".to_owned()),
    }
}

fn run_starts(policies: &[Arc<Policy>]) -> Vec<Timestamp> {
    let mut starts: Vec<Timestamp> = Vec::with_capacity(policies.len());
    for (at, policy) in policies.iter().enumerate() {
        let unbroken = at > 0
            && policies[at - 1].id == policy.id
            && policies[at - 1].authority == policy.authority
            && policies[at - 1].to.is_some_and(|to| to == policy.from);
        starts.push(if unbroken { starts[at - 1] } else { policy.from });
    }
    starts
}
