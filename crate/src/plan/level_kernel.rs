//! The NCHW kernels a level can be made by.

use super::wide_bins::WideBins;

/// The NCHW kernel that makes a level.
#[derive(Default, Clone, Debug)]
pub(crate) enum LevelKernel {
    /// The kernel of the level that reads the map for this one writes this one as well.
    #[default]
    WithRoot,
    /// The level is a grid of sixteen bins over a small square map, for which there is a kernel. It makes these levels of
    /// four bins and of one as well.
    Square([Option<usize>; 2]),
    /// The bins are wide enough to be read on their own.
    WideBins(Vec<WideBins>),
    /// The rows of every row of bins are reduced, and the bins gathered from them.
    ReducedRows(Gather),
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
    /// `[group][load][bin of the group]`, over the bins of a block of rows. The last group overlaps the one before, so that
    /// it is whole.
    pub offsets: Vec<[u32; 4]>,
    /// Rows of bins that are gathered together: all of them, or as many as keep the list short.
    pub rows: usize,
}

impl Gather {
    /// The first rows of the blocks of a level of `all` rows. The last block overlaps the one before, so that it is whole.
    pub fn blocks(&self, all: usize) -> impl Iterator<Item = usize> {
        (0..all).step_by(self.rows).map(move |first| first.min(all - self.rows))
    }
}

/// The first bin of a group of four: the last group overlaps the one before.
pub(crate) fn group_start(group: usize, bins: usize) -> usize {
    (4 * group).min(bins.saturating_sub(4))
}
