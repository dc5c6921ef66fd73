//! What is done to the service: it is killed, at any moment and while it starts, frozen for longer than a lease, asked to
//! end, and started a second time on the same file.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Options;
use super::journal::Journal;
use super::people::People;
use super::provider::Provider;
use super::town::Town;
use crate::dice::Dice;
use crate::process::Running;
use crate::site::Site;
use crate::time::{now, pause};

/// The configured deadline of a call, and five seconds: what SIGTERM may take.
const TERM: Duration = Duration::from_secs(6);
/// How much longer than a lease the service stands still.
const FREEZE: Duration = Duration::from_secs(6);
/// For an import that must wait for a busy store.
const IMPORT: Duration = Duration::from_mins(5);
/// Facts come in so many portions after the first one, which holds as many as all the others.
const PORTIONS: u64 = 8;
/// How long everything may take to come to rest after the last fault, when nothing is left to send.
const REST: Duration = Duration::from_mins(5);
/// What is left is sent at least so fast, in messages a second.
const SLOWEST: u64 = 100;
/// Nothing has changed for so long: it rests. Longer than the first look-up of an unknown takes.
const STILL: Duration = Duration::from_secs(17);
/// After dusk it must be seen that nothing is sent.
const AFTER_DUSK: i64 = 4_000_000;

/// The campaign while it runs.
pub(super) struct Torment<'a> {
    options: &'a Options,
    site: &'a Site,
    town: &'a Town,
    pub(super) provider: Provider,
    journal: Mutex<Journal>,
    service: Option<Running>,
    import: Option<(Running, Instant)>,
    /// How many portions have been begun.
    portions: u64,
}

impl<'a> Torment<'a> {
    pub(super) fn new(
        options: &'a Options,
        site: &'a Site,
        town: &'a Town,
        provider: Provider,
    ) -> Result<Self> {
        town.write_facts(site, "portion-0.csv", 0, town.notices() / 2)?;
        site.ask(&["import", "portion-0.csv", "--map", "map.toml"], IMPORT)?;
        Ok(Self {
            options,
            site,
            town,
            provider,
            journal: Mutex::default(),
            service: Some(site.serve()?),
            import: None,
            portions: 0,
        })
    }

    /// To the end: everything at rest, the service stopped.
    pub(super) fn run(&mut self, mut dice: Dice) -> Result<Journal> {
        let stop = AtomicBool::new(false);
        let journal = std::mem::take(&mut self.journal);
        let ended = std::thread::scope(|scope| {
            let people = People::new(
                self.site.client(),
                &journal,
                Dice::new(self.options.seed, 2),
                self.provider.ledger(),
            );
            scope.spawn(|| people.work(&stop));
            let ended = self.storm(&journal, &mut dice);
            stop.store(true, Ordering::Relaxed);
            // The people resume what they paused, which needs a service.
            if ended.is_err() {
                self.service = None;
            }
            ended
        });
        ended?;
        self.calm(&journal)?;
        Ok(journal.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn storm(&mut self, journal: &Mutex<Journal>, dice: &mut Dice) -> Result<()> {
        let began = Instant::now();
        let mut done = 0;
        loop {
            let peace = self.options.peace;
            pause(Duration::from_millis(dice.between(peace / 8, peace)));
            self.feed(dice)?;
            if began.elapsed() > self.options.longest {
                note(journal, "campaign calmed before all was sent");
                return self.fed(dice);
            }
            let is_late = now() > self.town.dusk + AFTER_DUSK;
            let is_fed = self.import.is_none() && self.portions >= PORTIONS;
            if done >= self.options.disturbances
                && is_late
                && is_fed
                && self.open() < self.town.notices() / 200 + 20
            {
                return Ok(());
            }
            self.disturb(journal, done, dice)?;
            done += 1;
        }
    }

    /// Begins the next portion of facts once the last one is in.
    fn feed(&mut self, dice: &mut Dice) -> Result<()> {
        if let Some((import, begun)) = &mut self.import {
            match import.ends_within(Duration::ZERO)? {
                Some(status) if status.success() => self.import = None,
                Some(status) => bail!("an import ended with {status}: {}", import.said()),
                None if begun.elapsed() > IMPORT => bail!("an import does not end: {}", import.said()),
                None => return Ok(()),
            }
        }
        if self.portions < PORTIONS && dice.percent(50) {
            let half = self.town.notices() / 2;
            let rest = self.town.notices() - half;
            let edge = |portion: u64| half + rest * portion / PORTIONS;
            let name = format!("portion-{}.csv", self.portions + 1);
            self.town
                .write_facts(self.site, &name, edge(self.portions), edge(self.portions + 1))?;
            let import = self
                .site
                .start(&["import", &name, "--map", "map.toml"], "import")?;
            self.import = Some((import, Instant::now()));
            self.portions += 1;
        }
        Ok(())
    }

    fn fed(&mut self, dice: &mut Dice) -> Result<()> {
        while self.import.is_some() || self.portions < PORTIONS {
            self.feed(dice)?;
            pause(Duration::from_millis(200));
        }
        Ok(())
    }

    fn disturb(&mut self, journal: &Mutex<Journal>, done: u32, dice: &mut Dice) -> Result<()> {
        let mut service = self
            .service
            .take()
            .context("the service runs between two disturbances")?;
        if !service.is_running()? {
            bail!("serve ended by itself: {}", service.said());
        }
        // Each kind once, whatever the seed.
        let kind = match done {
            0..5 => [60, 0, 35, 80, 50][done as usize],
            _ => dice.below(100),
        };
        let service = match kind {
            0..35 => {
                service.kill()?;
                note(journal, "kill -9");
                self.begin(journal, dice)?
            }
            35..50 => {
                let took = service.stop(TERM)?;
                note(journal, "SIGTERM");
                lock(journal).terms.push(took.as_millis() as u64);
                self.begin(journal, dice)?
            }
            50..58 => {
                let from = now();
                service.signal("STOP")?;
                if dice.percent(50) {
                    self.start_twice(journal, service.id())?;
                }
                pause(FREEZE);
                service.signal("CONT")?;
                lock(journal).froze(from, now());
                service
            }
            58..80 => {
                self.start_twice(journal, service.id())?;
                service
            }
            80..84 => {
                self.provider.kill()?;
                pause(Duration::from_millis(dice.below(1_500)));
                self.provider.start(self.site)?;
                note(journal, "kill -9 of the provider");
                service
            }
            _ => {
                note(journal, "nothing for a while");
                service
            }
        };
        self.service = Some(service);
        Ok(())
    }

    /// The next life, sometimes after others that died while they began.
    fn begin(&self, journal: &Mutex<Journal>, dice: &mut Dice) -> Result<Running> {
        while dice.percent(30) {
            let mut short = self.site.start(&["serve"], "serve")?;
            if short
                .ends_within(Duration::from_millis(dice.below(400)))?
                .is_some()
            {
                bail!("serve ended by itself: {}", short.said());
            }
            short.kill()?;
            note(journal, "kill -9 at the start");
        }
        self.site.serve()
    }

    /// A second instance by mistake: it must give up and name the first.
    fn start_twice(&self, journal: &Mutex<Journal>, holder: u32) -> Result<()> {
        let begun = Instant::now();
        let mut second = self.site.start(&["serve", "--role", "dispatch"], "second")?;
        let ended = second.ends_within(self.options.refusal)?;
        let took = begun.elapsed().as_millis() as u64;
        let mut journal = lock(journal);
        journal.count("second instance");
        journal.refusals.push(took);
        let is_named = second.said().contains(&format!("process {holder}"));
        if ended.and_then(|status| status.code()) != Some(5) || !is_named {
            let said = second.said();
            journal.broken.push(format!(
                "a second instance: {ended:?} after {took} ms, said: {said}"
            ));
        }
        Ok(())
    }

    /// Messages that are or will soon be on their way, as far as the page knows; those that must wait are among them.
    fn open(&self) -> u64 {
        let Some(stats) = self.stats() else {
            return u64::MAX;
        };
        let of = |state: &str| stats["notices"]["by_state"][state].as_u64().unwrap_or(0);
        let waiting = self.town.notices() / 10;
        let unread = stats["records"]["unread"].as_u64().unwrap_or(u64::MAX);
        (of("queued") + of("leased") + of("submitted") + unread).saturating_sub(waiting)
    }

    fn stats(&self) -> Option<Value> {
        let answer = self.site.client().get("/v1/stats").ok()?;
        (answer.status == 200).then(|| answer.json())
    }

    /// No more faults: everything comes to rest, and the service ends in order.
    fn calm(&mut self, journal: &Mutex<Journal>) -> Result<()> {
        self.provider.heal(self.site)?;
        // A provider that asked for an hour of rest is not asked for it by a service that is begun anew.
        let service = self.service.take().context("the service runs")?;
        service.stop(TERM)?;
        self.service = Some(self.site.serve()?);
        let mut people = People::new(
            self.site.client(),
            journal,
            Dice::new(self.options.seed, 3),
            self.provider.ledger(),
        );
        let patience = REST + Duration::from_secs(self.open().min(self.town.notices()) / SLOWEST);
        let (mut last, mut since, until) = (Value::Null, Instant::now(), Instant::now() + patience);
        loop {
            people.see_to_the_provider();
            let stats = self.stats().context("the service does not answer")?;
            if stats != last {
                (last, since) = (stats, Instant::now());
            }
            let states = &last["notices"]["by_state"];
            let is_still = since.elapsed() > STILL
                && last["records"]["unread"] == 0
                && ["leased", "submitted"].iter().all(|state| states[*state] == 0);
            if is_still {
                break;
            }
            if Instant::now() > until {
                lock(journal)
                    .broken
                    .push(format!("not at rest after {patience:?}: {last}"));
                break;
            }
            pause(Duration::from_millis(500));
        }
        let service = self.service.take().context("the service runs")?;
        service.stop(TERM)?;
        Ok(())
    }
}

fn lock(journal: &Mutex<Journal>) -> std::sync::MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(journal: &Mutex<Journal>, what: &'static str) {
    lock(journal).count(what);
}
