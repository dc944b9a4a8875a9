//! The gradient of RoIAlign: every bin's goes to the four cells around each of its samples.

use core::ops::Range;

use half::f16;

use super::super::block::VECTORS;
use super::super::interleave::{interleave, separate};
use super::RowSample;
use crate::element::{ElementType, Elements, Real};
use crate::geometry::roi_align::Sample;
use crate::geometry::shape::{FeatureMap, PlaneStrides};
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::align::{AlignBackwardScratch, AlignPlan, LevelSamples};
use crate::tuning::REGION_CHANNELS;
use crate::vector::{Native, Vector};

/// The gradient for an item, a block of its channels at most: every cell of theirs is written.
///
/// # Safety
/// `map` must have passed the plan's check, the gradients have its lengths, the channels be this thread's, and `scratch` be the plan's.
pub(crate) unsafe fn backward(
    plan: &AlignPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    item: (usize, Range<usize>),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if plan.set().interleaved() == REGION_CHANNELS {
            add::<Native, VECTORS, REGION_CHANNELS>(plan, map, grad_output, grad_input, item, scratch);
        } else {
            add::<Native, 1, { Native::LANES }>(plan, map, grad_output, grad_input, item, scratch);
        }
    }
}

/// The same by `N` vectors, which are `W` channels.
#[inline(never)]
unsafe fn add<V: Vector, const N: usize, const W: usize>(
    plan: &AlignPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let pyramid = &plan.set().pyramid;
    let here = pyramid.arrangement.layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise.
    unsafe {
        let work = AlignBackwardScratch::take(plan, &mut Parts::cut(scratch));
        let last = pyramid.levels.len() - 1;
        for (level, range) in pyramid.levels.iter().enumerate().rev() {
            work.sums.exclusive().fill(0.0);
            for &row in plan.set().rows(item) {
                let bins = pyramid.bins_at(map.channels, *range, row as usize);
                let planes = PlaneStrides { first: bins.at(channels.start, 0), ..bins };
                interleave::<V>((grad_output, false), planes, (count, range.bins), (work.bins, W));
                spread::<V, N, W>(plan.samples(row as usize, level), &work);
            }
            if last > 0 {
                let (total, sums) = (work.total.exclusive(), work.sums.shared());
                match grad_output.kind() {
                    ElementType::F16 => accumulate::<f16>(total, sums, level == last),
                    _ => accumulate::<f32>(total, sums, level == last),
                }
            }
        }
        let all = if last > 0 { work.total } else { work.sums };
        let planes = PlaneStrides { first: here.at(channels.start, 0), ..here };
        separate::<V>((all, W), (grad_input, false), planes, (count, map.cells()));
    }
}

/// Adds the gradient by one level to that by those after it. Both are rounded to the gradient's type, and so is their sum.
#[inline(never)]
fn accumulate<T: Real>(total: &mut [f32], level: &[f32], first: bool) {
    for (total, &level) in total.iter_mut().zip(level) {
        let level = T::narrow(level);
        *total = if first { level } else { T::narrow(*total).add(level) }.widen();
    }
}

/// Adds the gradients of a level's bins to the cells around their samples.
///
/// # Safety
/// The workspace must be the plan's, with the gradients of the level in it.
unsafe fn spread<V: Vector, const N: usize, const W: usize>(samples: LevelSamples, work: &AlignBackwardScratch) {
    let count = samples.level.count;
    // SAFETY: the caller's promise.
    unsafe {
        // To divide by a power of two is to multiply by another one, to the bit.
        if count.to_bits() << 9 == 0 {
            spread_by::<V, N, W>(samples, work, |share| share.mul(V::splat(1.0 / count)));
        } else {
            spread_by::<V, N, W>(samples, work, |share| share.div(V::splat(count)));
        }
    }
}

/// # Safety
/// As [`spread`].
#[inline(always)]
unsafe fn spread_by<V: Vector, const N: usize, const W: usize>(
    samples: LevelSamples,
    work: &AlignBackwardScratch,
    divide: impl Fn(V) -> V,
) {
    for (bin, (rows, columns, _)) in samples.bins().enumerate() {
        // SAFETY: samples lie inside the map, and the gradients are those of the level's bins.
        unsafe {
            let gradient = core::array::from_fn(|k| work.bins.load(W * bin + V::LANES * k, V::LANES));
            add_bin::<V, N, W>(work.sums, (rows, columns), gradient, &divide);
        }
    }
}

/// # Safety
/// The samples must lie inside the map that the sums are of.
#[inline(always)]
unsafe fn add_bin<V: Vector, const N: usize, const W: usize>(
    sums: Span<f32>,
    (rows, columns): (&[Sample], &[Sample]),
    gradient: [V; N],
    divide: impl Fn(V) -> V,
) {
    for row in rows {
        let row = RowSample::<V>::new(row);
        for column in columns {
            let corners = row.corners(column);
            for (cell, weight) in corners.cells.into_iter().zip(corners.weights) {
                for (k, gradient) in gradient.iter().enumerate() {
                    let at = W * cell + V::LANES * k;
                    // SAFETY: the caller's promise.
                    unsafe {
                        let sum: V = sums.load(at, V::LANES);
                        sums.store(at, sum.add(divide(gradient.mul(weight))), V::LANES);
                    }
                }
            }
        }
    }
}
