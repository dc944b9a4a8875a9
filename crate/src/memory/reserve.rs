//! Lists whose memory is allocated at once, where that may fail.

use crate::error::PoolError;

/// An empty list with room for `len` elements.
pub(crate) fn reserve<T>(len: usize) -> Result<Vec<T>, PoolError> {
    let mut list = Vec::new();
    list.try_reserve_exact(len).map_err(|_| PoolError::OutOfMemory)?;
    Ok(list)
}
