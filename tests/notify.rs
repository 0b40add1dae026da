//! Who is told what: real mails through a real mail server (aiosmtpd), real requests to a web server, by the outbox alone and end to end with
//! the real `jbr`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

#[path = "notify/desk.rs"]
mod desk;
#[path = "notify/letters.rs"]
mod letters;
#[path = "notify/line.rs"]
mod line;
#[path = "notify/post.rs"]
mod post;
#[path = "notify/quote.rs"]
mod quote;
#[path = "notify/run.rs"]
mod run;
#[path = "notify/smtp.rs"]
mod smtp;
#[path = "notify/web.rs"]
mod web;
