//! Which NCHW kernel makes each level, and the offsets of what it loads.

use core::ops::Range;

use super::level::{Level, Source, root};
use super::level_kernel::{Gather, LevelKernel, group_start};
use super::square;
use super::wide_bins::WideBins;
use crate::error::PoolError;
use crate::geometry::bins::Bin;
use crate::memory::reserve::reserve;
use crate::memory::scratch::product;
use crate::tuning::{FORWARD_BLOCK, MOST_LISTED, MOST_REDUCED, SMALL_PLANE};

/// The kernel that makes level `i` over maps of a size. All levels must have their bins and sources, and those it is computed from their
/// kernels.
pub(super) fn level_kernel(
    (height, width): (usize, usize),
    levels: &[Level],
    i: usize,
) -> Result<LevelKernel, PoolError> {
    let level = &levels[i];
    let cells = height * width;
    match level.source {
        Source::Map if square::is_square((height, width), level) => Ok(LevelKernel::Square(made_along(levels, i))),
        Source::Map => {
            if let Some(groups) = WideBins::of_row(&level.columns, cells)? {
                return Ok(LevelKernel::WideBins(groups));
            }
            let window = |i: usize, j: usize| (i..i + 1, level.columns[j]);
            let most = MOST_REDUCED / product(&[forward_block(cells), row_stride(width)]);
            Ok(LevelKernel::ReducedRows(gather(level, &window, row_stride(width), most)?))
        }
        Source::Level { .. } if matches!(levels[root(levels, i)].kernel, LevelKernel::Square(along) if along.contains(&Some(i))) => {
            Ok(LevelKernel::WithRoot)
        }
        Source::Level { parent, rows, columns } => {
            let parent = &levels[parent];
            let group = |j: usize| Bin { start: (j * columns) as u32, end: ((j + 1) * columns) as u32 };
            let window = |i: usize, j: usize| (i * rows..(i + 1) * rows, group(j));
            Ok(LevelKernel::Nested(gather(level, &window, parent.columns.len(), usize::MAX)?))
        }
    }
}
/// The first levels of four bins and of one that nest in level `root`, or in others that do.
fn made_along(levels: &[Level], root: usize) -> [Option<usize>; 2] {
    let nests = |i: usize, n: usize| {
        let Level { rows, columns, .. } = &levels[i];
        i != root && (rows.len(), columns.len()) == (n, n) && self::root(levels, i) == root
    };
    [2, 1].map(|n| (0..levels.len()).find(|&i| nests(i, n)))
}

/// The loads of a level whose bin `(i, j)` reads `window(i, j)`, rows and columns of something whose rows lie `stride` apart. At most
/// `most` rows of bins are taken together, and of wide ones fewer.
fn gather(
    level: &Level,
    window: &dyn Fn(usize, usize) -> (Range<usize>, Bin),
    stride: usize,
    most: usize,
) -> Result<Gather, PoolError> {
    let across = level.columns.len();
    let widths = || (0..across).map(|j| window(0, j).1.len());
    let (narrowest, widest) = (widths().min().unwrap_or(1), widths().max().unwrap_or(1));
    // A load of two is repeated to four lanes, of one likewise: a maximum does not mind.
    let unit = if narrowest >= 4 { 4 } else { narrowest.min(2) };
    let (down, along) = (window(0, 0).0.len(), widest.div_ceil(unit));
    let loads = down * along;
    let rows = (MOST_LISTED / product(&[loads, across])).min(most).clamp(1, level.rows.len());
    let bins = rows * across;
    let groups = bins.div_ceil(4);
    let offset = |load: usize, bin: usize| {
        let (rows, columns) = window(bin / across, bin % across);
        // The last load of a bin overlaps the one before.
        let column = columns.start as usize + (unit * (load % along)).min(columns.len() - unit);
        ((rows.start + load / along) * stride + column) as u32
    };
    let mut offsets = reserve(groups * loads)?;
    for group in 0..groups {
        let bin = |lane: usize| (group_start(group, bins) + lane).min(bins - 1);
        offsets.extend((0..loads).map(|load| core::array::from_fn(|lane| offset(load, bin(lane)))));
    }
    Ok(Gather { unit, loads, offsets, rows })
}

/// Planes of so many cells that are pooled together: they and their reduced rows stay in the first-level cache.
pub(super) fn forward_block(cells: usize) -> usize {
    (SMALL_PLANE / 2 / cells).clamp(1, FORWARD_BLOCK)
}

/// Distance between reduced rows of a map of some width, and between its rows where it is too narrow for a vector and widened.
pub(super) fn row_stride(width: usize) -> usize {
    width.next_multiple_of(4)
}
