//! Checks of the buffers of a call.

use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;

pub(crate) fn check_length(buffer: &'static str, found: usize, needed: usize) -> Result<(), PoolError> {
    if found == needed { Ok(()) } else { Err(PoolError::WrongLength { buffer, found, needed }) }
}

/// Fails unless the gradient of `len` bins and their indices, and the gradient of the map, fit each other. Regions may have
/// the index [`NOWHERE`](crate::geometry::region_rule::NOWHERE).
pub(crate) fn check_gradients<T>(
    map: &FeatureMap,
    len: usize,
    (grad_output, indices, grad_input): (&[T], &[u32], &[T]),
    nowhere: bool,
) -> Result<(), PoolError> {
    check_length("grad_output", grad_output.len(), len)?;
    check_length("indices", indices.len(), len)?;
    check_length("grad_input", grad_input.len(), map.len())?;
    first_outside(indices, map.cells(), nowhere).map_or(Ok(()), |position| {
        Err(PoolError::IndexOutOfRange { position, index: indices[position], cells: map.cells() })
    })
}

/// Position of the first index that is not below `cells`. Regions may have the index [`NOWHERE`](crate::geometry::region_rule::NOWHERE) as well.
pub(crate) fn first_outside(indices: &[u32], cells: usize, nowhere: bool) -> Option<usize> {
    // One up, which makes it 0.
    let shift = u32::from(nowhere);
    let cells = cells as u32 + shift;
    let shifted = |&index: &u32| index.wrapping_add(shift);
    // The highest of a run is found without branches; the place is looked for only where there is one.
    indices
        .chunks(1024)
        .position(|run| run.iter().map(shifted).fold(0, u32::max) >= cells)
        .and_then(|run| indices[1024 * run..].iter().position(|i| shifted(i) >= cells).map(|i| 1024 * run + i))
}
