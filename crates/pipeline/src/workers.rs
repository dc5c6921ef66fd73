//! Work that is spread over the cores of the machine and comes back in order.

use rayon::prelude::*;

/// Items that one core takes at a time; fewer are worked on where we are.
const SHARE: usize = 64;

/// What `work`, which must be total, makes of each item, in the order of the items.
pub(crate) fn map_mut<T: Send, R: Send>(items: &mut [T], work: impl Fn(&mut T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < SHARE * 2 {
        return items.iter_mut().map(work).collect();
    }
    items.par_iter_mut().with_min_len(SHARE).map(work).collect()
}
