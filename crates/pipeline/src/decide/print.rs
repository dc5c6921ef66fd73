//! Case lines, written on all workers and handed over in order.

use engine::case::Case;
use engine::ids::CaseId;
use formats::case_line;

use rayon::prelude::*;

/// Cases of one block: some hundred kilobytes of text.
const BLOCK: usize = 512;

/// Hands the lines of the cases to `write`, block by block in order; the first error ends it.
pub fn print<E>(cases: &[(CaseId, Case)], mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    // Filled again and again: memory that was never touched costs more than the lines.
    let mut blocks: Vec<Vec<u8>> = vec![Vec::new(); rayon::current_num_threads() * 8];
    for round in cases.chunks(BLOCK * blocks.len()) {
        let used = round.len().div_ceil(BLOCK);
        blocks[..used]
            .par_iter_mut()
            .zip(round.par_chunks(BLOCK))
            .for_each(|(block, cases)| fill(block, cases));
        blocks[..used].iter().try_for_each(|block| write(block))?;
    }
    Ok(())
}

fn fill(block: &mut Vec<u8>, cases: &[(CaseId, Case)]) {
    block.clear();
    for (id, case) in cases {
        case_line::write(id, case, block);
        block.push(b'\n');
    }
}
