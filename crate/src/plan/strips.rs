//! Columns of a map in strips that kernels keep in registers.

use crate::error::PoolError;
use crate::memory::reserve::reserve;

/// Neighbouring column vectors that a kernel keeps in registers together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Strip {
    /// The first column.
    pub column: usize,
    /// How many vectors.
    pub vectors: usize,
    /// Where the last vector begins, counted from `column`; at the right edge it overlaps its neighbour.
    pub last: usize,
}

/// Cuts `width` columns into strips of at most `most` vectors, as even as can be. Maps narrower than a vector are
/// widened to one first.
pub(super) fn strips(width: usize, most: usize) -> Result<Vec<Strip>, PoolError> {
    let width = width.max(4);
    let vectors = width.div_ceil(4);
    let count = vectors.div_ceil(most);
    let mut strips = reserve(count)?;
    strips.extend((0..count).map(|i| {
        // Of maps wider than half a million columns the products are beyond 32 bits.
        let edge = |i: usize| (i as u64 * vectors as u64 / count as u64) as usize;
        let (first, end) = (edge(i), edge(i + 1));
        let last = (4 * (end - 1)).min(width - 4);
        let column = (4 * first).min(last);
        Strip { column, vectors: end - first, last: last - column }
    }));
    Ok(strips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_cover_every_column_and_stay_inside() {
        for width in 1..200 {
            for most in [4, 7] {
                let mut covered = vec![false; width.max(4)];
                for strip in strips(width, most).unwrap() {
                    assert!((1..=most).contains(&strip.vectors));
                    for k in 0..strip.vectors {
                        let at = strip.column + if k + 1 == strip.vectors { strip.last } else { 4 * k };
                        covered[at..at + 4].fill(true);
                    }
                }
                assert!(covered.into_iter().all(|cell| cell), "{width} in strips of {most}");
            }
        }
    }
}
