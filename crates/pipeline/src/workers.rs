//! Work that is spread over the cores of the machine and comes back in order.

use std::num::NonZeroUsize;
use std::sync::Mutex;

/// Items that one worker takes at a time: few enough that none waits long for another, many enough that taking them
/// costs nothing.
const SHARE: usize = 128;

/// How many threads a machine of this size works on.
pub(crate) fn count() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(16)
}

/// What `work`, which must be total, makes of each item, in the order of the items.
pub(crate) fn map_mut<T: Send, R: Send>(items: &mut [T], work: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    let workers = count().min(items.len() / SHARE);
    if workers < 2 {
        return items.iter_mut().map(work).collect();
    }
    let count = items.len();
    let shares = Mutex::new(items.chunks_mut(SHARE).enumerate());
    let take = || {
        let mut done = Vec::with_capacity(count.div_ceil(SHARE) / workers + 1);
        loop {
            let share = shares.lock().ok().and_then(|mut shares| shares.next());
            let Some((number, share)) = share else { return done };
            done.push((number, share.iter_mut().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            done.extend(other.join().expect("the work is total"));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    let mut results = Vec::with_capacity(count);
    results.extend(done.into_iter().flat_map(|(_, results)| results));
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_the_results_keep_their_order() {
        for count in [0, 1, SHARE - 1, SHARE * 2, SHARE * 7 + 3] {
            let mut items: Vec<usize> = (0..count).collect();
            let results = map_mut(&mut items, |item| {
                *item += 1;
                *item * 2
            });
            assert_eq!(items, (1..=count).collect::<Vec<_>>());
            assert_eq!(results, (1..=count).map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
