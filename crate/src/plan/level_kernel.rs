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
    /// `[group][load][bin of the group]`, over the bins of one plane. The last group overlaps the one before, so that
    /// it is whole. Empty where that would be a long list: then offsets are worked out from the bounds of bins, and of levels that
    /// read the map one row of bins is made after the other.
    pub offsets: Vec<[u32; 4]>,
}

impl Gather {
    pub fn is_listed(&self) -> bool {
        !self.offsets.is_empty()
    }
}

/// The first bin of a group of four: the last group overlaps the one before.
pub(crate) fn group_start(group: usize, bins: usize) -> usize {
    (4 * group).min(bins.saturating_sub(4))
}
