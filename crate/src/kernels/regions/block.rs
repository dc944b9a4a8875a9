//! The cells of some channels of one item, and the bins that are pooled from them.

use crate::element::Elements;
use crate::geometry::shape::PlaneStrides;
use crate::kernels::carrier::HalfBits;
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
    pub input: Elements<'a>,
    /// Whether halves are compared by their bits, or by their values.
    pub half_bits: bool,
    /// Where the block's planes lie in the input, its first channel being plane 0.
    pub planes: PlaneStrides,
    /// Number of channels, at most [`REGION_CHANNELS`].
    pub channels: usize,
}

impl ChannelBlock<'_> {
    /// What every maximum starts from by the rule of RoI pooling: NaN and negative infinity are not above it.
    pub fn least(&self) -> f32 {
        if self.half_bits { HalfBits::LEAST } else { f32::MIN }
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
