//! What NCHW kernels need to know of a level beside its bins: the rows and columns to reduce together, and where the
//! pieces lie that are brought together.

use core::ops::Range;

use super::{Level, PyramidPlan, Runs, Source, reserve};
use crate::error::PoolError;
use crate::geometry::bins::Bin;
use crate::kernels::square;
use crate::memory::scratch::product;
use crate::vector::IN_REGISTERS;

/// How an NCHW kernel makes a level.
#[derive(Default, Clone, Debug)]
pub(crate) enum Steps {
    /// The level is made along with another, whose steps say so.
    #[default]
    Along,
    /// The level is a grid of sixteen bins over a small square map, for which there is a kernel. It makes these levels of
    /// four bins and of one as well.
    Square([Option<usize>; 2]),
    /// The bins are wide enough to be read on their own.
    Runs(Vec<Runs>),
    /// The rows of every row of bins are reduced, and the bins gathered from them.
    Rows(Gather),
    /// The bins are gathered from those of the parent.
    Nested(Gather),
}

/// The loads that bring a level's bins together, four bins at a time: from rows that are already reduced, or from the
/// bins of its parent.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    /// Elements that one load takes, 1, 2 or 4: no more than the narrowest bin has.
    pub unit: usize,
    /// Loads that each bin takes.
    pub loads: usize,
    /// `[group][load][bin of the group]`, over the bins of one plane. The last group overlaps the one before, so that
    /// it is whole. Empty where that would be a long list: then offsets are worked out from the bounds of bins, and of levels that
    /// read the map one row of bins is made after the other.
    pub offsets: Vec<[u32; 4]>,
}

/// Groups of offsets that are listed for a level at most: 64 KiB.
const MOST_LISTED: usize = 4096;

/// Words of reduced rows for a block of planes that all rows of bins of a level may take together.
const MOST_REDUCED: usize = 1 << 17;

impl Gather {
    pub fn is_listed(&self) -> bool {
        !self.offsets.is_empty()
    }
}

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

impl Steps {
    /// How to make level `i` of a plan, whose levels have their bins and sources, and those it is computed from their steps.
    pub fn of(plan: &PyramidPlan, i: usize) -> Result<Self, PoolError> {
        let level = &plan.levels[i];
        let root = &plan.levels[plan.root(i)];
        match level.source {
            Source::Map if is_square(plan, level) => Ok(Steps::Square(made_along(plan, i))),
            Source::Map => {
                if let Some(runs) = Runs::of_row(&level.columns, plan.height * plan.width)? {
                    return Ok(Steps::Runs(runs));
                }
                let window = |i: usize, j: usize| (i..i + 1, level.columns[j]);
                let few = product(&[plan.forward_block(), level.rows.len(), plan.row_stride()]) <= MOST_REDUCED;
                Ok(Steps::Rows(gather(level, &window, plan.row_stride(), few)?))
            }
            Source::Level { .. } if matches!(root.steps, Steps::Square(along) if along.contains(&Some(i))) => {
                Ok(Steps::Along)
            }
            Source::Level { parent, rows, columns } => {
                let parent = &plan.levels[parent];
                let group = |j: usize| Bin { start: (j * columns) as u32, end: ((j + 1) * columns) as u32 };
                let window = |i: usize, j: usize| (i * rows..(i + 1) * rows, group(j));
                Ok(Steps::Nested(gather(level, &window, parent.columns.len(), true)?))
            }
        }
    }
}

pub(super) fn is_square(plan: &PyramidPlan, level: &Level) -> bool {
    let (side, width) = plan.size();
    let fits = |bins: &[Bin]| {
        bins.len() == square::BINS && bins.iter().enumerate().all(|(i, &bin)| bin == square::bin(side, i))
    };
    IN_REGISTERS && side == width && square::SIDES.contains(&side) && fits(&level.rows) && fits(&level.columns)
}

/// The first levels of four bins and of one that nest in level `root`, or in others that do.
fn made_along(plan: &PyramidPlan, root: usize) -> [Option<usize>; 2] {
    let nests = |i: usize, n: usize| {
        let Level { rows, columns, .. } = &plan.levels[i];
        i != root && (rows.len(), columns.len()) == (n, n) && plan.root(i) == root
    };
    [2, 1].map(|n| (0..plan.levels.len()).find(|&i| nests(i, n)))
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

/// The loads of a level whose bin `(i, j)` reads `window(i, j)`, rows and columns of something whose rows lie `stride` apart. They
/// are listed where they are few, if they may be.
fn gather(
    level: &Level,
    window: &dyn Fn(usize, usize) -> (Range<usize>, Bin),
    stride: usize,
    listed: bool,
) -> Result<Gather, PoolError> {
    let (bins, across) = (level.bins(), level.columns.len());
    let widths = || (0..across).map(|j| window(0, j).1.len());
    let (narrowest, widest) = (widths().min().unwrap_or(1), widths().max().unwrap_or(1));
    // A load of two is repeated to four lanes, of one likewise: a maximum does not mind.
    let unit = if narrowest >= 4 { 4 } else { narrowest.min(2) };
    let (down, along) = (window(0, 0).0.len(), widest.div_ceil(unit));
    let groups = bins.div_ceil(4);
    if !listed || product(&[groups, down, along]) > MOST_LISTED {
        return Ok(Gather { unit, loads: 0, offsets: Vec::new() });
    }
    let loads = down * along;
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
    Ok(Gather { unit, loads, offsets })
}

/// The first bin of a group of four: the last group overlaps the one before.
pub(crate) fn group_start(group: usize, bins: usize) -> usize {
    (4 * group).min(bins.saturating_sub(4))
}
