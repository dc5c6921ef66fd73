//! How many lines and stays each vehicle has: most offend once, a few again and again.
//!
//! This is all that is kept per vehicle, four bytes; everything else is thrown anew when asked.

use super::throws::{Purpose, Throws};
use super::{Plan, PlanError, plates};

/// Lines and stays of a vehicle, or what is left of them. Each stay has from 1 to
/// `MOST_LINES` lines, so `stays <= lines <= MOST_LINES * stays`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) lines: u16,
    pub(super) stays: u16,
}

/// The most lines of one stay.
pub(super) const MOST_LINES: u16 = 5;
/// Nobody has more lines in a plan.
const MOST_OF_VEHICLE: u16 = 500;
/// Half a year of offending every other day is as bad as it gets.
const MOST_STAYS: u32 = 160;

/// Gives every vehicle its share; the lines add up to those of the plan.
pub(super) fn divide(plan: &Plan, room: u32) -> Result<Vec<Share>, PlanError> {
    let most_stays = room.clamp(1, MOST_STAYS) as u16;
    let most_lines = (MOST_LINES * most_stays).min(MOST_OF_VEHICLE);
    let draw = |vehicle: u32| draw(plan.seed, vehicle, most_stays, most_lines);
    let Some(vehicles) = plan.vehicles else {
        return grow(plan.events, draw);
    };
    let count = u32::try_from(vehicles).unwrap_or(u32::MAX);
    if count > plates::MOST {
        return Err(PlanError::TooManyVehicles { most: plates::MOST });
    }
    if plan.events < vehicles {
        return Err(PlanError::TooFewEvents {
            events: plan.events,
            vehicles,
        });
    }
    if plan.events > vehicles * u64::from(most_lines) {
        return Err(PlanError::TooManyEvents {
            events: plan.events,
            vehicles,
            most: most_lines,
        });
    }
    let mut shares: Vec<Share> = (0..count).map(draw).collect();
    fit(&mut shares, plan.events, most_lines);
    for share in &mut shares {
        share.settle(most_stays);
    }
    Ok(shares)
}

/// As many vehicles as it takes.
fn grow(events: u64, draw: impl Fn(u32) -> Share) -> Result<Vec<Share>, PlanError> {
    let mut shares = Vec::new();
    let mut left = events;
    while left > 0 {
        if shares.len() == plates::MOST as usize {
            return Err(PlanError::TooManyVehicles { most: plates::MOST });
        }
        let mut share = draw(shares.len() as u32);
        if u64::from(share.lines) > left {
            share.lines = left as u16;
            share.stays = share.stays.min(share.lines);
        }
        left -= u64::from(share.lines);
        shares.push(share);
    }
    Ok(shares)
}

fn draw(seed: u64, vehicle: u32, most_stays: u16, most_lines: u16) -> Share {
    const EVEN: u32 = 1 << 16;
    let mut throws = Throws::new(seed, Purpose::Habit, u64::from(vehicle));
    // The odds of at least n stays are 1 in n for the careless, and 1 in n * n for the others.
    let first = throws.below(EVEN);
    let careless = throws.below(10) < 3;
    let lot = if careless {
        first
    } else {
        first.max(throws.below(EVEN))
    };
    let stays = (EVEN / (lot + 1)).min(u32::from(most_stays)) as u16;
    let lines: u16 = (0..stays)
        .map(|_| 1 + throws.below(u32::from(MOST_LINES)) as u16)
        .sum();
    Share {
        lines: lines.min(most_lines),
        stays,
    }
}

/// Scales the lines until they add up to `events`, which must be possible.
fn fit(shares: &mut [Share], events: u64, most_lines: u16) {
    let drawn: u64 = shares.iter().map(|share| u64::from(share.lines)).sum();
    for share in shares.iter_mut() {
        let scaled = u128::from(share.lines) * u128::from(events) / u128::from(drawn);
        share.lines = scaled.clamp(1, u128::from(most_lines)) as u16;
    }
    let mut given: u64 = shares.iter().map(|share| u64::from(share.lines)).sum();
    // Each round moves every share that can move by one line, so it ends.
    while given != events {
        for share in shares.iter_mut() {
            if given < events && share.lines < most_lines {
                share.lines += 1;
                given += 1;
            } else if given > events && share.lines > 1 {
                share.lines -= 1;
                given -= 1;
            }
        }
    }
}

impl Share {
    /// Chooses the stays anew for lines that have changed.
    fn settle(&mut self, most_stays: u16) {
        let usual = self.lines.div_ceil(3);
        let least = self.lines.div_ceil(MOST_LINES);
        self.stays = usual.clamp(least, most_stays.max(least));
    }

    /// How many lines the next stay may have, so that those after it can be filled too.
    pub(super) fn next_lines(self) -> (u32, u32) {
        let after = self.stays - 1;
        let least = self.lines.saturating_sub(MOST_LINES * after).max(1);
        let most = (self.lines - after).min(MOST_LINES);
        (u32::from(least), u32::from(most))
    }

    pub(super) fn without(self, lines: usize) -> Share {
        Share {
            lines: self.lines - lines as u16,
            stays: self.stays - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(events: u64, vehicles: Option<u64>, room: u32) -> Vec<Share> {
        divide(
            &Plan {
                events,
                vehicles,
                ..Plan::default()
            },
            room,
        )
        .unwrap()
    }

    fn check(shares: &[Share], events: u64, most_stays: u16) {
        assert_eq!(
            shares.iter().map(|share| u64::from(share.lines)).sum::<u64>(),
            events
        );
        for share in shares {
            assert!(share.stays >= 1 && share.stays <= most_stays, "{share:?}");
            assert!(
                share.stays <= share.lines && share.lines <= MOST_LINES * share.stays,
                "{share:?}"
            );
            assert!(share.lines <= MOST_OF_VEHICLE, "{share:?}");
        }
    }

    #[test]
    fn shares_add_up_whatever_is_asked() {
        for (events, vehicles, room) in [
            (0, None, 219),
            (1, None, 219),
            (100_000, None, 219),
            (100_000, None, 1),
            (100_000, Some(100_000), 219),
            (100_000, Some(99_999), 219),
            (100_000, Some(200), 219),
            (100_000, Some(30_000), 219),
            (5, Some(1), 1),
        ] {
            let shares = shares(events, vehicles, room);
            check(&shares, events, room.min(MOST_STAYS) as u16);
            assert!(vehicles.is_none_or(|wanted| wanted == shares.len() as u64));
        }
    }

    #[test]
    fn most_offend_once_and_a_few_again_and_again() {
        let shares = shares(300_000, None, 219);
        let with = |low, high| shares.iter().filter(|s| (low..=high).contains(&s.stays)).count() as f64;
        let once = with(1, 1) / shares.len() as f64;
        let often = with(20, 160) / shares.len() as f64;
        assert!((0.6..0.75).contains(&once), "{once}");
        assert!((0.01..0.03).contains(&often), "{often}");
        assert!(with(100, 160) > 0.0);
    }

    #[test]
    fn what_cannot_be_divided_is_refused() {
        let refused = |events, vehicles| {
            let plan = Plan {
                events,
                vehicles: Some(vehicles),
                ..Plan::default()
            };
            divide(&plan, 219).unwrap_err().to_string()
        };
        assert!(refused(10, 11).contains("11 vehicles"), "{}", refused(10, 11));
        assert!(refused(1_001, 2).contains("at most 500"), "{}", refused(1_001, 2));
        assert!(refused(u64::MAX, 26_000_001).contains("26000000"));
    }
}
