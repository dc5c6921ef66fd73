//! Ledgers in memory, and where each fact lives.
//!
//! Ids that only one ledger ever sees are told apart by that ledger, on all cores. The few others — one id under two
//! plates, facts about observations, facts of no ledger — are seated one by one in the order of the file, because there
//! the first one counts.

use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::{ContentDigest, FactId};
use engine::judge;
use engine::ledger::{Added, Ledger};
use engine::route::{self, Home};
use engine::rules::Rules;
use engine::time::Timestamp;
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use formats::event::Decoded;
use rayon::prelude::*;

use super::Other;
use super::lines::{Line, Piece, hash, shard_of};

/// So many that cores which are done find more to do.
const SHARDS: usize = 32;

/// Reads the file and seats its facts.
pub(super) struct Desk {
    shards: Vec<Shard>,
    /// Content and place of the facts that are seated one by one.
    homes: HashMap<FactId, (ContentDigest, Place)>,
    /// Facts about observations.
    about: Vec<Decoded>,
    pub(super) others: Vec<Other>,
}

/// The ledgers of some plates.
#[derive(Default)]
struct Shard {
    numbers: HashMap<Arc<str>, usize>,
    ledgers: Vec<(Arc<str>, Ledger)>,
    /// Where observations live that other facts are about.
    wanted: Vec<(FactId, usize)>,
    others: Vec<Other>,
    /// Lines whose id stands in other ledgers too.
    contested: Vec<Line>,
}

/// Where a fact was put.
#[derive(Clone, Copy)]
enum Place {
    /// Into a ledger of a shard.
    Ledger(usize, usize),
    /// Among those about observations, by number.
    About(usize),
    Nowhere,
}

impl Desk {
    /// How many shards [`super::lines::read`] is to make.
    pub(super) const SHARDS: usize = SHARDS;

    /// Seats the facts that were known at `as_of`.
    pub(super) fn seat(rules: &Rules, mut pieces: Vec<Piece>, as_of: Timestamp) -> Self {
        let contested = contested(&pieces);
        let mut rest: Vec<Line> = Vec::new();
        let mut by_shard: Vec<Vec<Vec<Line>>> = Vec::with_capacity(SHARDS);
        by_shard.resize_with(SHARDS, || Vec::with_capacity(pieces.len()));
        for piece in &mut pieces {
            rest.append(&mut piece.rest);
            for (shard, lines) in by_shard.iter_mut().zip(&mut piece.shards) {
                shard.push(std::mem::take(lines));
            }
        }
        let wanted: HashSet<&FactId> = rest
            .iter()
            .filter_map(|line| line.decoded.fact.body.about())
            .collect();
        let fill = |lines: Vec<Vec<Line>>| Shard::fill(lines, as_of, &contested, &wanted);
        let shards: Vec<Shard> = by_shard.into_par_iter().map(fill).collect();
        let mut desk = Self {
            shards,
            homes: HashMap::new(),
            about: Vec::new(),
            others: Vec::new(),
        };
        for shard in &mut desk.shards {
            rest.append(&mut shard.contested);
            desk.others.append(&mut shard.others);
        }
        rest.sort_unstable_by_key(|line| line.number);
        for line in rest.into_iter().filter(|line| line.decoded.fact.known <= as_of) {
            desk.take(line);
        }
        desk.seat_about();
        desk.move_corrected(rules);
        desk
    }

    /// All ledgers, in the order of their subjects.
    pub(super) fn into_ledgers(self) -> Vec<(Arc<str>, Ledger)> {
        let mut ledgers: Vec<_> = self.shards.into_iter().flat_map(|shard| shard.ledgers).collect();
        ledgers.par_sort_unstable_by(|(a, _), (b, _)| a.bytes().chain(*b"/").cmp(b.bytes().chain(*b"/")));
        ledgers
    }

    fn ledger(&mut self, key: &Arc<str>) -> (usize, usize) {
        let shard = shard_of(key, SHARDS);
        (shard, self.shards[shard].ledger(key))
    }

    fn ledger_mut(&mut self, (shard, at): (usize, usize)) -> &mut Ledger {
        &mut self.shards[shard].ledgers[at].1
    }

    fn take(&mut self, line: Line) {
        let Line { decoded, home, .. } = line;
        let fact = &decoded.fact;
        if let Some((digest, home)) = self.homes.get(&fact.id) {
            if *digest != fact.digest {
                return self
                    .others
                    .push(other(&fact.id, Disposition::Conflict, Reason::OtherContent));
            }
            self.others
                .push(other(&fact.id, Disposition::Duplicate, Reason::SameContent));
            match *home {
                Place::Ledger(shard, at) => {
                    self.ledger_mut((shard, at))
                        .meet(&fact.id, &fact.digest, fact.known);
                }
                Place::About(at) => {
                    let known = &mut self.about[at].fact.known;
                    *known = fact.known.min(*known);
                }
                Place::Nowhere => {}
            }
            return;
        }
        let place = match home {
            Home::Ledger(key) => {
                let (shard, at) = self.ledger(&key);
                Place::Ledger(shard, at)
            }
            Home::With(_) => Place::About(self.about.len()),
            Home::Nowhere => {
                self.others
                    .push(other(&fact.id, Disposition::Applied, Reason::NoEffectYet));
                Place::Nowhere
            }
        };
        self.homes.insert(fact.id.clone(), (fact.digest, place));
        match place {
            Place::Ledger(shard, at) => {
                self.ledger_mut((shard, at)).add(decoded.fact);
            }
            Place::About(_) => self.about.push(decoded),
            Place::Nowhere => {}
        }
    }

    /// Puts the facts about observations where those live, or where they wait for them.
    fn seat_about(&mut self) {
        let mut homes: HashMap<FactId, (usize, usize)> = HashMap::new();
        for (number, shard) in self.shards.iter_mut().enumerate() {
            let wanted = shard.wanted.drain(..);
            homes.extend(wanted.map(|(observation, at)| (observation, (number, at))));
        }
        for decoded in std::mem::take(&mut self.about) {
            let Some(about) = decoded.fact.body.about() else {
                continue;
            };
            let home = match (self.homes.get(about), homes.get(about)) {
                (Some((_, Place::Ledger(shard, at))), _) => (*shard, *at),
                (None, Some(home)) => *home,
                _ => self.ledger(&route::waiting_key(about)),
            };
            self.ledger_mut(home).add(decoded.fact);
        }
    }

    fn move_corrected(&mut self, rules: &Rules) {
        let departures = |shard: &Shard| {
            let ledgers = shard.ledgers.iter();
            ledgers
                .flat_map(|(key, ledger)| judge::departures_to_other_plates(rules, key, ledger))
                .collect::<Vec<_>>()
        };
        let moved: Vec<_> = self.shards.par_iter().map(departures).collect();
        for (target, guest) in moved.into_iter().flatten() {
            let home = self.ledger(&target);
            self.ledger_mut(home).seat(guest);
        }
    }
}

impl Shard {
    fn fill(
        lines: Vec<Vec<Line>>,
        as_of: Timestamp,
        contested: &HashSet<u64>,
        wanted: &HashSet<&FactId>,
    ) -> Self {
        let mut shard = Self::default();
        for line in lines.into_iter().flatten() {
            if line.decoded.fact.known > as_of {
                continue;
            }
            if contested.contains(&line.id) {
                shard.contested.push(line);
                continue;
            }
            let Home::Ledger(key) = &line.home else { continue };
            let at = shard.ledger(key);
            let fact = line.decoded.fact;
            let id = fact.id.clone();
            match shard.ledgers[at].1.add(fact) {
                Added::New if wanted.contains(&id) => shard.wanted.push((id, at)),
                Added::New => {}
                Added::Duplicate => {
                    let other = other(&id, Disposition::Duplicate, Reason::SameContent);
                    shard.others.push(other);
                }
                Added::Conflict => {
                    let other = other(&id, Disposition::Conflict, Reason::OtherContent);
                    shard.others.push(other);
                }
            }
        }
        shard
    }

    fn ledger(&mut self, key: &Arc<str>) -> usize {
        if let Some(at) = self.numbers.get(key) {
            return *at;
        }
        self.ledgers.push((key.clone(), Ledger::default()));
        self.numbers.insert(key.clone(), self.ledgers.len() - 1);
        self.ledgers.len() - 1
    }
}

fn other(fact: &FactId, disposition: Disposition, reason: Reason) -> Other {
    Other {
        fact: Some(fact.to_string()),
        disposition,
        reason: Some(reason),
    }
}

/// The hashes of ids that are in more than one ledger, or in one and elsewhere.
fn contested(pieces: &[Piece]) -> HashSet<u64> {
    let home = |line: &Line| match &line.home {
        Home::Ledger(key) => hash(key),
        Home::With(_) | Home::Nowhere => 0,
    };
    let mut seen: Vec<(u64, u64)> = pieces
        .par_iter()
        .flat_map_iter(|piece| piece.shards.iter().flatten().chain(&piece.rest))
        .map(|line| (line.id, home(line)))
        .collect();
    seen.par_sort_unstable();
    let mut contested = HashSet::new();
    for pair in seen.windows(2) {
        if pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1 {
            contested.insert(pair[0].0);
        }
    }
    contested
}
