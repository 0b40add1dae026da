//! The API room: exact command lines, answers of every shape that was documented or seen, and whole lists or nothing.

#[cfg(test)]
#[path = "jetbackup/client.rs"]
mod client;
#[cfg(test)]
#[path = "jetbackup/commands.rs"]
mod commands;
#[cfg(test)]
#[path = "jetbackup/paging.rs"]
mod paging;
#[cfg(test)]
#[path = "jetbackup/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "jetbackup/replies.rs"]
mod replies;
#[cfg(test)]
#[path = "jetbackup/scripted.rs"]
mod scripted;
#[cfg(test)]
#[path = "support/variant.rs"]
mod variant;
