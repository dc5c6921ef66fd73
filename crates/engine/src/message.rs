//! Texts of messages: templates, their parameters, and what they cost in segments.
