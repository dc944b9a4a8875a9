//! Whether NCHW planes are transposed to NHWC to be pooled.

use crate::tuning::{
    TRANSPOSED_BIN, TRANSPOSED_COST, TRANSPOSED_NARROW, TRANSPOSED_NARROW_WORDS, TRANSPOSED_ROOT, TRANSPOSED_WORDS,
};

/// Cells of a plane that are transposed at once, and so the fewest that a plane must have.
pub(crate) const CELLS: usize = 8;

/// Whether planes of this size are pooled faster transposed, with so many bins in levels of which `roots` read the map. That saves by
/// the bin and by the root and costs by the cell. Nothing is as fast where columns do not fill a vector, nor where there are
/// hardly any rows to reduce.
pub(super) fn pays((height, width): (usize, usize), bins: usize, roots: usize) -> bool {
    let cells = height * width;
    let most = if width < TRANSPOSED_NARROW { TRANSPOSED_NARROW_WORDS } else { TRANSPOSED_WORDS };
    let saved = bins.saturating_mul(TRANSPOSED_BIN).saturating_add(roots.saturating_mul(TRANSPOSED_ROOT));
    (width < TRANSPOSED_NARROW || height < TRANSPOSED_NARROW || cells + TRANSPOSED_COST <= saved)
        && cells >= CELLS
        && words(cells, bins) <= most
}

/// The cells of a plane, its values and its indices.
fn words(cells: usize, bins: usize) -> usize {
    cells.saturating_add(bins.saturating_mul(2))
}
