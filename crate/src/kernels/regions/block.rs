//! The cells of some channels of one item, and the bins that are pooled from them.

use crate::geometry::shape::PlaneStrides;
use crate::memory::maxima::{Indexed, Maxima};
use crate::plan::regions::RegionPlan;
use crate::tuning::REGION_CHANNELS;

/// Vectors that hold the values of a block's channels.
pub(super) const VECTORS: usize = REGION_CHANNELS / 4;

/// The selected cell of a bin: its value, and its index in the plane.
pub(super) type Selected = (f32, u32);

/// Some channels of one item.
#[derive(Clone, Copy)]
pub(super) struct ChannelBlock<'a> {
    pub plan: &'a RegionPlan,
    pub cells: &'a [f32],
    /// Where the block's planes lie in `cells`, its first channel being plane 0.
    pub planes: PlaneStrides,
    /// Number of channels, at most [`REGION_CHANNELS`].
    pub channels: usize,
}

impl ChannelBlock<'_> {
    #[inline(always)]
    pub fn cell(&self, channel: usize, index: usize) -> f32 {
        self.cells[self.planes.at(channel, index)]
    }

    pub fn cell_count(&self) -> usize {
        let (height, width) = self.plan.size();
        height * width
    }
}

/// A level's bins in what was pooled for a block of channels.
///
/// # Safety
/// `pooled` must have the bins of all levels.
#[inline(always)]
pub(super) unsafe fn level_of<'a, A: Indexed>(plan: &RegionPlan, level: usize, pooled: Maxima<'a>) -> Maxima<'a> {
    let range = plan.pyramid().levels[level];
    // SAFETY: the caller's promise.
    unsafe { pooled.part::<A>(REGION_CHANNELS * range.first, REGION_CHANNELS * range.bins) }
}
