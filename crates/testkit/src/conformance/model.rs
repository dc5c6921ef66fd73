//! Random work on a store and on the model: whatever can be seen of them stays the same.

use std::sync::Arc;

use engine::case::{Disposition, Outcome};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::commit::{Commit, NoticeChange};
use ports::dispatch::{DueNotice, Finished, Pause};
use ports::read::Store;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Place;
use super::sample::{
    at, batch, case_write, finished, identity, ledger, new_notice, notice, observe, plate, submission,
};
use crate::MemoryStore;

/// So many steps; a fault that needs a few steps shows within a hundred.
const STEPS: usize = 250;
const SEEDS: u64 = 3;

/// Batches, good and bad, dispatch in any order, time that passes, and restarts.
pub async fn random_work_ends_as_in_the_model(place: &dyn Place) {
    // One place holds one store: seeds go on where the one before ended.
    let mut model = Both {
        model: MemoryStore::new(),
        store: place.open().await,
        now: at(1),
        leased: Vec::new(),
        next: 1,
    };
    for seed in 0..SEEDS {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for step in 0..STEPS {
            let what = model.step(&mut random, place).await;
            if step % 10 == 0 {
                model.compare(&format!("seed {seed}, step {step}: {what}")).await;
            }
        }
        model.compare(&format!("seed {seed}")).await;
    }
    let stats = model.store.stats().await.unwrap();
    let (states, classes) = (stats.notices.len(), stats.attempts.len());
    assert!(
        states >= 6 && classes >= 6 && stats.ledgers > 0,
        "the work was too little: {stats:?}"
    );
}

struct Both {
    model: MemoryStore,
    store: Arc<dyn Store>,
    now: Timestamp,
    /// As the model and as the store leased them.
    leased: Vec<(DueNotice, DueNotice)>,
    /// Numbers below this one were used.
    next: u64,
}

impl Both {
    async fn compare(&self, when: &str) {
        let (expected, seen) = (observe(&self.model).await, observe(&*self.store).await);
        for (expected, seen) in expected.iter().zip(&seen) {
            assert_eq!(seen, expected, "{when}");
        }
        assert_eq!(seen.len(), expected.len(), "{when}");
    }

    async fn step(&mut self, random: &mut ChaCha8Rng, place: &dyn Place) -> &'static str {
        match random.random_range(0..20) {
            0..7 => {
                self.commit(random, place).await;
                "commit"
            }
            7..11 => {
                self.lease(random).await;
                "lease"
            }
            11..14 => {
                self.submit(random).await;
                "submit"
            }
            14..17 => {
                self.finish(random).await;
                "finish"
            }
            17 => {
                self.control(random).await;
                "control"
            }
            18 => {
                self.now = self.now.plus(random.random_range(0..40_000_000));
                let (one, other) = tokio::join!(
                    self.model.expire_submissions_at(self.now),
                    self.store.expire_submissions(self.now)
                );
                assert_eq!(one, other.unwrap());
                "time"
            }
            _ => {
                self.restart(place).await;
                "restart"
            }
        }
    }

    async fn commit(&mut self, random: &mut ChaCha8Rng, place: &dyn Place) {
        let from = self.store.claim("test").await.unwrap();
        assert_eq!(
            ports::store::IntakeStore::claim(&self.model, "test")
                .await
                .unwrap(),
            from
        );
        let mut commit = batch(from, random.random_range(0..4));
        commit.at = self.now;
        for record in &mut commit.records {
            record.disposition = Disposition::ALL.choose(random).unwrap().0;
        }
        for _ in 0..random.random_range(0..4) {
            self.add(random, &mut commit).await;
        }
        if random.random_range(0..9) == 0 {
            commit.from.next += 1;
        }
        let one = ports::store::IntakeStore::commit(&self.model, &commit).await;
        let other = self.store.commit(&commit).await;
        let kind = |result: &Result<(), _>| result.as_ref().map_err(std::mem::discriminant).copied();
        assert_eq!(kind(&one), kind(&other), "{one:?} {other:?}");
        // Which leases a refused batch ends is open; nobody is promised that one lasts.
        if one.is_err() {
            self.restart(place).await;
        }
    }

    async fn restart(&mut self, place: &dyn Place) {
        self.leased.clear();
        self.model = self.model.reopened();
        self.store = place.open().await;
    }

    /// Something for a batch to do, sometimes what it must not.
    async fn add(&mut self, random: &mut ChaCha8Rng, commit: &mut Commit) {
        let known = random.random_range(1..=self.next);
        match random.random_range(0..8) {
            0..3 => {
                let number = self.next;
                self.next += 1;
                commit.cases.push(case_write(number, 1, Outcome::Waived, None));
                let mut new = new_notice(number);
                new.history = random.random_range(0..6) == 0;
                new.not_before = self.now.plus(random.random_range(0..20_000_000));
                new.expires_at = new.not_before.plus(random.random_range(1..90_000_000));
                commit.notices.push(NoticeChange::Queue(new));
                commit.identities.push(identity(number, known));
            }
            3 => {
                let read = self.store.ledgers(&[plate(known % 9)]).await.unwrap();
                let taken = commit.ledgers.iter().any(|other| other.plate == plate(known % 9));
                if !taken {
                    let document = ["", "a", "bb"].choose(random).unwrap();
                    let mut write = ledger(known % 9, read[0].version, document);
                    write.wake = random.random_bool(0.5).then(|| self.now.plus(5_000_000));
                    commit.fired.push(plate(known % 5));
                    commit.ledgers.push(write);
                }
            }
            4 => commit.notices.push(NoticeChange::Update {
                id: notice(known),
                parameters: format!("changed {known}").into(),
                history: random.random_bool(0.3),
                not_before: self.now,
                expires_at: self.now.plus(50_000_000),
            }),
            5 => commit.notices.push(NoticeChange::Cancel(notice(known))),
            6 => commit.notices.push(NoticeChange::Requeue(new_notice(known))),
            _ => commit.inner.push(format!("inner {known}").into()),
        }
    }

    async fn lease(&mut self, random: &mut ChaCha8Rng) {
        use ports::dispatch::DispatchStore as _;
        let limit = random.random_range(0..5);
        let one = self.model.lease(self.now, limit).await.unwrap();
        let other = self.store.lease(self.now, limit).await.unwrap();
        let ids = |due: &[DueNotice]| {
            due.iter()
                .map(|due| (due.id.clone(), due.attempts))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&one), ids(&other));
        self.leased.extend(one.into_iter().zip(other));
    }

    async fn submit(&mut self, random: &mut ChaCha8Rng) {
        use ports::dispatch::DispatchStore as _;
        let keep = random.random_range(0..=self.leased.len());
        let taken = self.leased.split_off(keep);
        if random.random_range(0..4) == 0 {
            for (one, other) in &taken {
                let until = self.now.plus(9_000_000);
                self.model
                    .defer(&[(one.id.clone(), one.token, until)])
                    .await
                    .unwrap();
                self.store
                    .defer(&[(other.id.clone(), other.token, until)])
                    .await
                    .unwrap();
            }
            return;
        }
        let of = |due: &DueNotice| submission(&due.id, due.token, due.attempts + 1);
        let one: Vec<_> = taken.iter().map(|(one, _)| of(one)).collect();
        let other: Vec<_> = taken.iter().map(|(_, other)| of(other)).collect();
        let one = self.model.submit(self.now, &one).await.unwrap();
        let other = self.store.submit(self.now, &other).await.unwrap();
        assert_eq!(one, other);
    }

    async fn finish(&mut self, random: &mut ChaCha8Rng) {
        use ports::dispatch::DispatchStore as _;
        let attempts = self.store.attempts(0, 100_000).await.unwrap();
        let Some(attempt) = attempts.choose(random) else {
            return;
        };
        let (class, _) = *AttemptClass::ALL.choose(random).unwrap();
        let mut outcome: Finished = finished(
            &(
                engine::ids::AttemptId::from_text(&attempt.id),
                attempt.notice.clone(),
            ),
            class,
        );
        if class == AttemptClass::Accepted {
            let news = [
                NoticeState::Accepted,
                NoticeState::Delivered,
                NoticeState::Undelivered,
            ];
            outcome.next = *news.choose(random).unwrap();
        }
        self.model
            .finish(self.now, std::slice::from_ref(&outcome))
            .await
            .unwrap();
        self.store.finish(self.now, &[outcome]).await.unwrap();
    }

    async fn control(&mut self, random: &mut ChaCha8Rng) {
        use ports::dispatch::DispatchStore as _;
        if random.random_bool(0.7) {
            let one = self.model.resume("primary", "test", self.now).await.unwrap();
            assert_eq!(self.store.resume("primary", "test", self.now).await.unwrap(), one);
        } else {
            let pause = Pause {
                reason: (*["person", "unknowns"].choose(random).unwrap()).into(),
                by: "test".into(),
                at: self.now,
            };
            self.model.pause("primary", &pause).await.unwrap();
            self.store.pause("primary", &pause).await.unwrap();
        }
    }
}

impl MemoryStore {
    async fn expire_submissions_at(&self, now: Timestamp) -> Vec<(Arc<str>, u32)> {
        ports::dispatch::DispatchStore::expire_submissions(self, now)
            .await
            .unwrap()
    }
}
