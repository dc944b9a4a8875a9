//! Checks of the buffers of a call.

use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::vector::{Native, Vector};

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
    // The highest of a run is found without branches; the place is looked for only where there is one.
    let run = indices.chunks(1024).position(|run| highest(run, shift) >= cells)?;
    let place = indices[1024 * run..].iter().position(|index| index.wrapping_add(shift) >= cells)?;
    Some(1024 * run + place)
}

/// The highest of some indices, each with `shift` added.
#[inline(always)]
fn highest(indices: &[u32], shift: u32) -> u32 {
    let (fours, rest) = indices.as_chunks::<{ Native::LANES }>();
    let shifts = Native::splat_index(shift);
    // Vectors find minima of unsigned numbers: the least complement is that of the highest.
    let least = fours.iter().fold(Native::splat_index(u32::MAX), |least, four| {
        // SAFETY: as many indices as lanes.
        least.min_index(unsafe { Native::load(four.as_ptr().cast()) }.add_index(shifts).not())
    });
    let rest = rest.iter().map(|index| index.wrapping_add(shift));
    least.not().lanes().into_iter().chain(rest).fold(0, u32::max)
}
