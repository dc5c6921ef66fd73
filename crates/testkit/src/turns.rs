//! Turns on one thread: an actor runs until its next call to the store and stops there; whoever drives it says who goes
//! on, and what becomes of the call. That makes every interleaving of several actors one list of choices.
//!
//! It never chooses anything itself and waits for no clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// What becomes of the call at which an actor stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made and answered.
    Go,
    /// It is not made, and the answer is that the store is away.
    Refuse,
    /// It is made, and the answer is that the store is away.
    Lose,
    /// It is made, and the actor stops again before it hears the answer.
    Linger,
}

/// Where a turn ended.
#[derive(Debug)]
pub enum Turn<T> {
    /// Before the named call, or before the answer to it.
    At(&'static str),
    /// The actor is done.
    Ended(T),
}

/// Stops one actor at its calls. A free one stops nobody.
#[derive(Default)]
pub struct Baton {
    is_free: bool,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// The call at which the actor stands.
    at: Option<&'static str>,
    fate: Option<Fate>,
    task: Option<Waker>,
    driver: Option<Waker>,
    is_dead: bool,
}

impl Baton {
    /// For one actor.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// For those who only look: every call is made at once.
    pub fn free() -> Arc<Self> {
        Arc::new(Self {
            is_free: true,
            ..Self::default()
        })
    }

    /// The process of the actor is gone: what still runs of it reaches the store no more.
    pub fn kill(&self) {
        let mut inside = self.inside();
        inside.is_dead = true;
        if let Some(task) = inside.task.take() {
            task.wake();
        }
    }

    /// Stops before a call; none: the process is gone.
    pub(crate) async fn reach(&self, call: &'static str) -> Option<Fate> {
        if self.is_free {
            return Some(Fate::Go);
        }
        let mut is_there = false;
        std::future::poll_fn(|context| self.poll_reach(call, &mut is_there, context)).await
    }

    fn poll_reach(
        &self,
        call: &'static str,
        is_there: &mut bool,
        context: &Context<'_>,
    ) -> Poll<Option<Fate>> {
        let mut inside = self.inside();
        if inside.is_dead {
            return Poll::Ready(None);
        }
        if *is_there {
            if let Some(fate) = inside.fate.take() {
                return Poll::Ready(Some(fate));
            }
        } else {
            assert!(
                inside.at.is_none(),
                "an actor makes one call at a time, not {call} too"
            );
            *is_there = true;
            inside.at = Some(call);
            if let Some(driver) = inside.driver.take() {
                driver.wake();
            }
        }
        inside.task = Some(context.waker().clone());
        Poll::Pending
    }

    /// Lets the actor go on to its next call. `fate` is that of the call at which it stands, if it stands at one.
    pub async fn turn<T>(&self, actor: &mut Pin<Box<dyn Future<Output = T>>>, fate: Fate) -> Turn<T> {
        {
            let mut inside = self.inside();
            if inside.at.take().is_some() {
                inside.fate = Some(fate);
            }
            if let Some(task) = inside.task.take() {
                task.wake();
            }
        }
        std::future::poll_fn(|context| {
            self.inside().driver = Some(context.waker().clone());
            if let Poll::Ready(value) = actor.as_mut().poll(context) {
                return Poll::Ready(Turn::Ended(value));
            }
            self.inside()
                .at
                .map_or(Poll::Pending, |call| Poll::Ready(Turn::At(call)))
        })
        .await
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("no holder panics")
    }
}
