//! Averages over bins, and their gradients, near the true values however many cells a bin has.
//!
//! Sums of `f32` lose a digit with every factor of ten in their length. So no more than 64 cells are summed in `f32`, in runs of
//! eight, and no more than sixteen gradients; all else is summed in `f64`. The order of the additions depends on the shape of the map
//! alone: the bits are the same in every build and at every number of threads.

mod backward;
mod forward;
mod shared;
mod spread;
mod sums;

pub(crate) use backward::backward;
pub(crate) use forward::forward;

use core::ops::Range;

use crate::geometry::bins::covering;
use crate::geometry::shape::{FeatureMap, PlaneStrides};
use crate::memory::span::{Span, load};
use crate::plan::{AVERAGE_SCRATCH, Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;
use crate::vector::{Native, Vector};

/// The most bins that may share a cell for their shares to be added in `f32`: the sum of so many, each rounded, is off by at most 1e-6
/// of the sum of their magnitudes.
const FEW: usize = 16;

/// One item of a map under a plan.
#[derive(Clone, Copy)]
struct Item<'a> {
    plan: &'a PyramidPlan,
    map: &'a FeatureMap,
    item: usize,
}

impl Item<'_> {
    /// Where the cells stand in the map.
    fn cells(&self) -> PlaneStrides {
        self.plan.layout().cells(self.map, self.item)
    }

    /// Where the bins of a level stand in the output.
    fn bins(&self, level: &Level) -> PlaneStrides {
        self.plan.pyramid().bins_at(self.map.channels, level.range, self.item)
    }
}

/// The working memory of one thread.
struct Work<'a> {
    sums: &'a mut [f64],
    /// What belongs to the channels of a cell, side by side.
    staged: &'a mut [f32],
    /// Gradients that are brought side by side, in NHWC.
    gathered: Span<'a, f32>,
}

impl<'a> Work<'a> {
    /// Cuts working memory up: there is a word to spare, so that the sums can be aligned.
    ///
    /// # Safety
    /// `scratch` must have the plan's `average_scratch` and no other holder.
    unsafe fn of(scratch: Span<'a, f32>) -> Self {
        // SAFETY: this thread's alone; any bits are an `f64`.
        unsafe {
            let gathered = scratch.part(AVERAGE_SCRATCH, scratch.len() - AVERAGE_SCRATCH);
            let (staged, sums) = scratch.part(0, AVERAGE_SCRATCH).exclusive().split_at_mut(AVERAGE_SUMS);
            let (_, sums, _) = sums.align_to_mut::<f64>();
            Work { sums: &mut sums[..AVERAGE_SUMS], staged, gathered }
        }
    }
}

/// Adds values, each multiplied by `scale`, to sums. Not inlined, as [`narrow`].
#[inline(never)]
fn add(sums: &mut [f64], values: &[f32], scale: f64) {
    let whole = sums.len() / Native::LANES * Native::LANES;
    let (vectors, rest) = sums.split_at_mut(whole);
    for (i, sums) in vectors.chunks_exact_mut(Native::LANES).enumerate() {
        // SAFETY: there are as many values as sums, and as many sums as lanes.
        unsafe { load::<Native>(values, i * Native::LANES, Native::LANES).add_to(sums.as_mut_ptr(), scale) };
    }
    rest.iter_mut().zip(&values[whole..]).for_each(|(sum, &value)| *sum += f64::from(value) * scale);
}

/// Multiplies and divides values, and says whether all came out finite. Not inlined, as [`narrow`].
#[inline(never)]
fn divide(values: &mut [f32], unit: f32, by: f32) -> bool {
    let (fours, rest) = values.as_chunks_mut::<{ Native::LANES }>();
    // A finite number times zero is zero, and any other is NaN.
    let mut zeros = Native::splat(0.0);
    for four in fours {
        // SAFETY: as many values as lanes.
        unsafe {
            let quotients = Native::load(four.as_ptr()).mul(Native::splat(unit)).div(Native::splat(by));
            quotients.store(four.as_mut_ptr());
            zeros = zeros.add(quotients.mul(Native::splat(0.0)));
        }
    }
    rest.iter_mut().for_each(|value| *value = *value * unit / by);
    !zeros.ne(zeros).any() && rest.iter().all(|value| value.is_finite())
}

/// Rounds sums.
///
/// Not inlined: its vector loop would stand in the WASM once for each use.
#[inline(never)]
fn narrow(sums: &[f64], to: &mut [f32]) {
    let whole = to.len() / Native::LANES * Native::LANES;
    let (vectors, rest) = to.split_at_mut(whole);
    for (to, sums) in vectors.chunks_exact_mut(Native::LANES).zip(sums.chunks_exact(Native::LANES)) {
        // SAFETY: both have as many elements as lanes.
        unsafe { Native::from_sums(sums.as_ptr(), 1.0).store(to.as_mut_ptr()) };
    }
    rest.iter_mut().zip(&sums[whole..]).for_each(|(to, sum)| *to = *sum as f32);
}

/// Cuts an axis of `size` cells where a bin of some level begins or ends.
fn alike(levels: &[Level], axis: Axis, size: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    core::iter::from_fn(move || {
        (start < size).then(|| {
            let cells = start..end_of_alike(levels, axis, start, size);
            start = cells.end;
            cells
        })
    })
}

/// Rows of cells and of bins, or columns.
#[derive(Clone, Copy)]
enum Axis {
    Rows,
    Columns,
}

/// The first place after `cell` where a bin begins or ends, `size` where none does. Not inlined, as [`narrow`].
#[inline(never)]
fn end_of_alike(levels: &[Level], axis: Axis, cell: usize, size: usize) -> usize {
    let change = |level: &Level| {
        let bins = match axis {
            Axis::Rows => &level.rows,
            Axis::Columns => &level.columns,
        };
        let here = covering(bins, cell);
        let end = bins.get(here.start).map_or(usize::MAX, |bin| bin.end as usize);
        end.min(bins.get(here.end).map_or(usize::MAX, |bin| bin.start as usize))
    };
    levels.iter().map(change).fold(size, usize::min)
}
