//! The routes, asked as callers ask them, over a store in memory.

#[path = "web/api.rs"]
mod api;
#[path = "web/door.rs"]
mod door;
#[path = "web/fake.rs"]
mod fake;
#[path = "web/live.rs"]
mod live;
#[path = "web/page.rs"]
mod page;
#[path = "web/scene.rs"]
mod scene;
#[path = "web/sms.rs"]
mod sms;
