//! Which rows of a file are imported at all.

use super::cells::Cells;

/// One condition on one column; all of a mapping's must hold.
#[derive(Debug)]
pub(super) struct Keep {
    pub(super) slot: usize,
    pub(super) test: Test,
    /// Never empty.
    pub(super) values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// With one of the values.
    StartsWith,
    /// One of the values.
    Equals,
    /// None of the values.
    NotEquals,
    /// One of the values.
    Contains,
}

impl Keep {
    /// Whether the row passes. A cell that the row does not have is an empty one.
    pub(super) fn holds(&self, cells: &Cells) -> bool {
        let cell = cells.get(self.slot);
        match self.test {
            Test::StartsWith => self.values.iter().any(|value| cell.starts_with(value.as_str())),
            Test::Equals => self.values.iter().any(|value| cell == value),
            Test::NotEquals => self.values.iter().all(|value| cell != value),
            Test::Contains => self.values.iter().any(|value| cell.contains(value.as_str())),
        }
    }
}
