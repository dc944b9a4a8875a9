//! The small square maps that have a kernel each, of sixteen bins.

use super::level::Level;
use crate::geometry::bins::Bin;
use crate::vector::IN_REGISTERS;

/// Bins a side.
pub(crate) const BINS: usize = 4;

/// The sides there are kernels for.
pub(crate) const SIDES: [usize; 3] = [7, 13, 14];

/// The cells along a side that bin `i` reads: those of the adaptive rule.
pub(crate) const fn bin(side: usize, i: usize) -> Bin {
    Bin { start: (i * side / BINS) as u32, end: ((i + 1) * side).div_ceil(BINS) as u32 }
}

/// Whether there is a kernel for a level of such maps.
pub(super) fn is_square((height, width): (usize, usize), level: &Level) -> bool {
    let fits = |bins: &[Bin]| bins.len() == BINS && bins.iter().enumerate().all(|(i, &of)| of == bin(height, i));
    IN_REGISTERS && height == width && SIDES.contains(&height) && fits(&level.rows) && fits(&level.columns)
}
