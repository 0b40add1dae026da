//! A destination as one server knows it; several destinations can be one storage.

use serde::{Deserialize, Serialize};

/// A destination of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// `_id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its engine, a string (documented): `SSH`, `Local`, `S3`, …
    pub kind: String,
    /// Nothing starts to write to a disabled one; see [`super::WhileDisabled`] for what happens instead.
    pub disabled: bool,
    /// Which real storage it is: the NAS that all servers share has one name here. JetBackup knows nothing of this.
    pub storage: String,
}

impl Destination {
    /// An enabled destination that is this storage, over SSH.
    #[must_use]
    pub fn on(storage: impl Into<String>, id: impl Into<String>) -> Self {
        let storage = storage.into();
        Self { id: id.into(), name: storage.clone(), kind: "SSH".to_owned(), disabled: false, storage }
    }

    /// The same, disabled.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self { disabled: true, ..self }
    }
}
