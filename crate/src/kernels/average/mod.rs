//! Averages over bins, and their gradients, near the true values however many cells a bin has.
//!
//! Sums of `f32` lose a digit with every factor of ten in their length. So no more than [`BLOCK`] cells are summed in `f32`;
//! all else is summed in `f64` and rounded once, at the end. The order of the additions depends on the shape of the map alone:
//! the bits are the same in every build and at every number of threads.

mod backward;
mod forward;
mod shares;

pub(crate) use backward::backward;
pub(crate) use forward::forward;

use crate::geometry::shape::{FeatureMap, Planes};
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;
use crate::vector::{Native, Vector};

/// Cells that are summed in `f32` before their sum is added to one in `f64`. Rounding moves the average of so many by at most
/// 6e-7 of the largest.
const BLOCK: usize = 16;

/// One item of a map under a plan.
#[derive(Clone, Copy)]
struct Item<'a> {
    plan: &'a PyramidPlan,
    map: &'a FeatureMap,
    item: usize,
}

impl Item<'_> {
    /// Where the cells stand in the map.
    fn cells(&self) -> Planes {
        self.plan.layout().cells(self.map, self.item)
    }

    /// Where the bins of a level stand in the output.
    fn bins(&self, level: &Level) -> Planes {
        self.plan.pyramid().bins_at(self.map.channels, level.place, self.item)
    }
}

/// The working memory as sums: there is a word to spare, so that they can be aligned.
///
/// # Safety
/// `scratch` must be the plan's `average_scratch` and have no other holder.
unsafe fn sums<'a>(scratch: Span<'a, f32>) -> &'a mut [f64] {
    // SAFETY: this thread's alone; any bits are an `f64`.
    let (_, sums, _) = unsafe { scratch.exclusive().align_to_mut::<f64>() };
    &mut sums[..AVERAGE_SUMS]
}

/// Rounds sums, each multiplied by `scale`.
///
/// Not inlined: its vector loop would stand in the WASM once for each use.
#[inline(never)]
fn narrow(sums: &[f64], scale: f64, to: &mut [f32]) {
    let whole = to.len() / Native::LANES * Native::LANES;
    let (vectors, rest) = to.split_at_mut(whole);
    for (to, sums) in vectors.chunks_exact_mut(Native::LANES).zip(sums.chunks_exact(Native::LANES)) {
        // SAFETY: both have as many elements as lanes.
        unsafe { Native::from_sums(sums.as_ptr(), scale).store(to.as_mut_ptr()) };
    }
    rest.iter_mut().zip(&sums[whole..]).for_each(|(to, sum)| *to = (sum * scale) as f32);
}
