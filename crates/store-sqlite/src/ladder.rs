//! Statements over many rows: a few fixed sizes, so that their texts are constant and stay prepared.

use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

use crate::error::Fault;

/// Rows per statement. 512 rows of the widest table stay below SQLite's 32,766 parameters.
const SIZES: [usize; 4] = [512, 64, 8, 1];

/// A statement in all its sizes.
pub(crate) struct Ladder {
    steps: [(usize, Arc<str>); 4],
}

impl Ladder {
    /// `head row, row, ... tail`, where `row` holds the parameters of one row.
    pub(crate) fn new(head: &str, row: &str, tail: &str) -> Self {
        let text = |size: usize| Arc::from(format!("{head} {} {tail}", vec![row; size].join(", ")));
        Self {
            steps: SIZES.map(|size| (size, text(size))),
        }
    }

    /// Runs it over all rows; says how many rows were changed.
    pub(crate) async fn execute<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&mut Binds, &T),
    ) -> Result<u64, Fault> {
        let mut changed = 0;
        let mut rest = rows;
        while let Some((size, text)) = self.step(rest.len()) {
            let (now, later) = rest.split_at(size);
            let binds = Binds::of(now, &bind);
            let query = sqlx::query_with(AssertSqlSafe(text), binds.into_arguments()?);
            changed += query.execute(&mut *conn).await?.rows_affected();
            rest = later;
        }
        Ok(changed)
    }

    /// Runs it over all rows and gathers what it answers. `fixed` binds what stands before the rows.
    pub(crate) async fn fetch<T>(
        &self,
        conn: &mut SqliteConnection,
        fixed: impl Fn(&mut Binds),
        rows: &[T],
        bind: impl Fn(&mut Binds, &T),
    ) -> Result<Vec<SqliteRow>, Fault> {
        let mut found = Vec::with_capacity(rows.len());
        let mut rest = rows;
        while let Some((size, text)) = self.step(rest.len()) {
            let (now, later) = rest.split_at(size);
            let mut binds = Binds::default();
            fixed(&mut binds);
            for row in now {
                bind(&mut binds, row);
            }
            let query = sqlx::query_with(AssertSqlSafe(text), binds.into_arguments()?);
            found.extend(query.fetch_all(&mut *conn).await?);
            rest = later;
        }
        Ok(found)
    }

    fn step(&self, rows: usize) -> Option<(usize, Arc<str>)> {
        let step = self.steps.iter().find(|(size, _)| *size <= rows && rows > 0);
        step.map(|(size, text)| (*size, text.clone()))
    }
}

/// Parameters in order.
#[derive(Default)]
pub(crate) struct Binds {
    arguments: SqliteArguments,
    failed: Option<sqlx::Error>,
}

impl Binds {
    fn of<T>(rows: &[T], bind: impl Fn(&mut Self, &T)) -> Self {
        let mut binds = Self::default();
        for row in rows {
            bind(&mut binds, row);
        }
        binds
    }

    /// The next one.
    pub(crate) fn add<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    fn into_arguments(self) -> Result<SqliteArguments, Fault> {
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(self.arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_cut_into_known_sizes() {
        let ladder = Ladder::new("INSERT INTO t VALUES", "(?)", "");
        let mut left = 512 * 2 + 64 * 3 + 8 * 7 + 5;
        let mut sizes = Vec::new();
        while let Some((size, _)) = ladder.step(left) {
            sizes.push(size);
            left -= size;
        }
        assert_eq!(sizes.len(), 2 + 3 + 7 + 5);
        assert_eq!(left, 0);
    }
}
