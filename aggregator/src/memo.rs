//! Texts that are read again and again, such as definitions in rows: each is parsed once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};

/// Texts in memory; beyond this many it starts anew.
const MOST: usize = 10_000;

/// What texts have been read to.
#[derive(Debug)]
pub(crate) struct Memo<T>(Mutex<HashMap<String, Arc<T>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

/// Writes what is shared as itself.
pub(crate) fn shared<T: Serialize, S: Serializer>(
    value: &Arc<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}

impl<T> Memo<T> {
    /// What the text says, read by `read` if nobody has read it yet.
    pub(crate) fn of<E>(
        &self,
        text: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(text) {
            return Ok(Arc::clone(known));
        }
        let value = Arc::new(read(text)?);
        let mut known = known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&value));
        Ok(value)
    }
}
