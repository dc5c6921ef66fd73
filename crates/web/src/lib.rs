//! Operations API and console pages.
