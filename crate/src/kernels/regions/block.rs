//! The cells of some channels of one item, and the bins that are pooled from them.

use crate::geometry::shape::Planes;
use crate::memory::slots::{Indexed, Slots};
use crate::plan::regions::RegionPlan;
use crate::tuning::REGION_CHANNELS;

/// Vectors that hold the values of a block's channels.
pub(super) const VECTORS: usize = REGION_CHANNELS / 4;

/// What a bin came to: its value, and its index in the plane.
pub(super) type Best = (f32, u32);

/// Some channels of one item.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub plan: &'a RegionPlan,
    pub cells: &'a [f32],
    /// Where the block's planes lie in `cells`, its first channel being plane 0.
    pub planes: Planes,
    /// Number of channels, at most [`REGION_CHANNELS`].
    pub channels: usize,
}

impl Block<'_> {
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
pub(super) unsafe fn level_of<'a, B: Indexed>(plan: &RegionPlan, level: usize, pooled: Slots<'a>) -> Slots<'a> {
    let place = plan.pyramid().places[level];
    // SAFETY: the caller's promise.
    unsafe { pooled.part::<B>(REGION_CHANNELS * place.first, REGION_CHANNELS * place.bins) }
}
