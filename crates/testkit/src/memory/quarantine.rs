//! Records that were set aside, and what was done about them.

use async_trait::async_trait;
use ports::quarantine::{Deed, Handled, Handling, NewHandling, QuarantineStore};
use ports::read::StoredRecord;
use ports::store::StoreError;

use super::MemoryStore;

#[async_trait]
impl QuarantineStore for MemoryStore {
    async fn aside(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError> {
        let books = self.books();
        let found = books
            .records
            .iter()
            .filter(|record| record.position > after && record.disposition.is_set_aside());
        Ok(found.take(limit).cloned().collect())
    }

    async fn handlings(&self, first: u64, last: u64) -> Result<Vec<Handling>, StoreError> {
        let books = self.books();
        let mut found: Vec<Handling> = books
            .handlings
            .iter()
            .filter(|handling| (first..=last).contains(&handling.position))
            .cloned()
            .collect();
        found.sort_by_key(|handling| handling.position);
        Ok(found)
    }

    async fn handle(&self, new: &NewHandling) -> Result<Handled, StoreError> {
        let mut books = self.books();
        let same_record = books.handlings.iter().find(|it| it.position == new.position);
        let same_key = || books.handlings.iter().find(|it| it.key == new.key);
        if let Some(before) = same_record.or_else(same_key) {
            return Ok(Handled::Before(before.clone()));
        }
        let position = books.log.len() as u64 + 1;
        if let Deed::Redrive { record, wake, .. } = &new.deed {
            books.log.push(record.clone());
            books.append_inner(new.at, wake.as_slice());
        }
        let handling = new.at_position(position);
        books.handlings.push(handling.clone());
        books.append_action(&handling.audit());
        let end = books.log.len() as u64 + 1;
        self.end.send_modify(|known| *known = end);
        Ok(Handled::Done(handling))
    }
}
