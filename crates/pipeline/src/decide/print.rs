//! Case lines, written on all workers and handed over in order.

use engine::case::Case;
use engine::ids::CaseId;
use formats::case_line;

use crate::workers;

/// Cases that one worker writes at a time: some megabytes of text.
const BLOCK: usize = 4096;

/// Hands the lines of the cases to `write`, block by block in order; the first error ends it.
pub fn print<E>(cases: &[(CaseId, Case)], mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let workers = workers::count();
    for round in cases.chunks(BLOCK * workers) {
        let share = round.len().div_ceil(workers);
        let blocks: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let blocks: Vec<_> = round
                .chunks(share)
                .map(|part| scope.spawn(move || block(part)))
                .collect();
            blocks
                .into_iter()
                .map(|block| block.join().expect("writing lines is total"))
                .collect()
        });
        blocks.iter().try_for_each(|block| write(block))?;
    }
    Ok(())
}

fn block(cases: &[(CaseId, Case)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cases.len() * 1024);
    for (id, case) in cases {
        case_line::write(id, case, &mut out);
        out.push(b'\n');
    }
    out
}
