//! Texts of messages: templates with a closed list of parameters, the built-in texts of every kind in two languages,
//! and what a text costs in segments.
//!
//! Rendering is total: whatever is missing or unfit for a message is left out with its clause. It never reads a
//! phone number, and it never puts a link into a text.

mod params;
mod place;
mod segments;
mod template;
mod texts;
mod words;

#[cfg(test)]
mod tests;

pub use params::{Params, Promise, When};
pub use place::fit_place;
pub use segments::{Route, segments};
pub use template::{Missing, Param, Template, TemplateError};
pub use texts::{Message, Texts};
pub use words::WindowWords;

/// The language of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lang {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}
