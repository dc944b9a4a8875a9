//! Averages over the bins of regions and their gradients, lanes along the channels, near the true values as those of whole maps are: no
//! more than sixteen cells are summed in `f32`, all else in `f64`, and rounded once at the end.

use core::ops::Range;

use super::block::VECTORS;
use super::emit::Sink;
use super::interleave::{interleave, separate};
use crate::element::Elements;
use crate::geometry::bins::Bin;
use crate::geometry::shape::{FeatureMap, Planes};
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::region_averages::AverageScratch;
use crate::plan::regions::RegionPlan;
use crate::tuning::REGION_CHANNELS;
use crate::vector::{Native, Vector};

/// Cells that are summed in `f32` before their sum is added to one in `f64`.
const TOGETHER: usize = 16;

/// The bins of one level of a region, row by row.
fn bins(plan: &RegionPlan, region: usize, level: usize) -> impl Iterator<Item = (Bin, Bin)> {
    let (rows, columns) = plan.level_bounds(region, level);
    rows.iter().flat_map(move |&rows| columns.iter().map(move |&columns| (rows, columns)))
}

/// The cells of a bin, in order.
#[inline(always)]
fn cells((rows, columns): (Bin, Bin), width: usize) -> impl Iterator<Item = usize> {
    rows.range().flat_map(move |row| columns.range().map(move |column| row * width + column))
}

/// What the sum of a bin's cells is multiplied by. A bin without cells is zero.
fn scale((rows, columns): (Bin, Bin)) -> f64 {
    1.0 / (rows.len() as f64 * columns.len() as f64).max(1.0)
}

/// Averages the regions of an item, a block of its channels at most.
///
/// # Safety
/// `map` must have passed the plan's check, `input` and `output` have its lengths, and `scratch` be the plan's.
pub(crate) unsafe fn forward(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    item: (usize, Range<usize>),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if plan.average_block() == REGION_CHANNELS {
            average::<Native, VECTORS, REGION_CHANNELS>(plan, map, input, output, item, scratch);
        } else {
            average::<Native, 1, { Native::LANES }>(plan, map, input, output, item, scratch);
        }
    }
}

/// The same by `N` vectors, which are `W` channels.
#[inline(never)]
unsafe fn average<V: Vector, const N: usize, const W: usize>(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let here = plan.pyramid().arrangement.layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise; bins lie inside the map.
    unsafe {
        let work = AverageScratch::take(plan, input.kind(), false, &mut Parts::cut(scratch));
        let planes = Planes { first: here.at(channels.start, 0), ..here };
        interleave::<V, W>(input, planes, (count, map.cells()), work.staged, work.cells);
        let sink = Sink {
            pyramid: plan.pyramid(),
            channels: (channels.start, map.channels),
            output,
            indices: Span::empty(),
            staged: work.staged,
        };
        for &row in plan.rows(item) {
            for level in 0..plan.grids().len() {
                for (i, bin) in bins(plan, row as usize, level).enumerate() {
                    average_bin::<V, N, W>(work.cells, bin, map.width, work.bins.part(W * i, W));
                }
                let pooled = |channel: usize, bin: usize| (work.bins.get(W * bin + channel), 0);
                sink.write(row as usize, level, count, &pooled);
            }
        }
    }
}

/// As many sums as a block has channels, aligned.
#[repr(align(16))]
struct Sums([f64; REGION_CHANNELS]);

/// # Safety
/// The bin must lie inside the map of this width whose cells these are, and `to` have an element for each channel of a block.
#[inline(always)]
unsafe fn average_bin<V: Vector, const N: usize, const W: usize>(
    memory: Span<f32>,
    bin: (Bin, Bin),
    width: usize,
    to: Span<f32>,
) {
    let mut sums = Sums([0.0; REGION_CHANNELS]);
    // SAFETY: the caller's promise, and there are enough sums.
    unsafe {
        let mut add = |sum: [V; N]| {
            for (k, sum) in sum.into_iter().enumerate() {
                sum.add_to(sums.0.as_mut_ptr().add(V::LANES * k), 1.0);
            }
        };
        let (mut sum, mut summed) = ([V::splat(0.0); N], 0);
        for cell in cells(bin, width) {
            for (k, sum) in sum.iter_mut().enumerate() {
                *sum = sum.add(memory.load(W * cell + V::LANES * k, V::LANES));
            }
            summed += 1;
            if summed == TOGETHER {
                add(sum);
                (sum, summed) = ([V::splat(0.0); N], 0);
            }
        }
        add(sum);
        for k in 0..N {
            let average = V::from_sums(sums.0.as_ptr().add(V::LANES * k), scale(bin));
            to.store(V::LANES * k, average, V::LANES);
            let zero = average.mul(V::splat(0.0));
            if zero.ne(zero).any() {
                mend(memory, bin, (width, W), V::LANES * k..V::LANES * (k + 1), to);
            }
        }
    }
}

/// Averages some channels in `f64` throughout: sums of a few huge cells go beyond `f32`.
///
/// # Safety
/// As [`average_bin`].
#[cold]
#[inline(never)]
unsafe fn mend(
    memory: Span<f32>,
    bin: (Bin, Bin),
    (width, block): (usize, usize),
    channels: Range<usize>,
    to: Span<f32>,
) {
    for channel in channels {
        // SAFETY: the caller's promise.
        unsafe {
            let sum: f64 = cells(bin, width).map(|cell| f64::from(memory.get(block * cell + channel))).sum();
            to.set(channel, (sum * scale(bin)) as f32);
        }
    }
}

/// The gradient of [`forward`]: each bin's is shared out evenly among its cells.
///
/// # Safety
/// As [`forward`], with the gradients; the channels must be this thread's.
pub(crate) unsafe fn backward(
    plan: &RegionPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    item: (usize, Range<usize>),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if plan.average_block() == REGION_CHANNELS {
            share::<Native, VECTORS, REGION_CHANNELS>(plan, map, grad_output, grad_input, item, scratch);
        } else {
            share::<Native, 1, { Native::LANES }>(plan, map, grad_output, grad_input, item, scratch);
        }
    }
}

/// The same by `N` vectors, which are `W` channels.
#[inline(never)]
unsafe fn share<V: Vector, const N: usize, const W: usize>(
    plan: &RegionPlan,
    map: &FeatureMap,
    grad_output: Elements,
    grad_input: Elements,
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let pyramid = plan.pyramid();
    let here = pyramid.arrangement.layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise; bins lie inside the map.
    unsafe {
        let work = AverageScratch::take(plan, grad_output.kind(), true, &mut Parts::cut(scratch));
        // The word before is to spare.
        let sums = work.sums.as_mut_ptr();
        let sums = if sums.addr().is_multiple_of(align_of::<f64>()) { sums } else { sums.sub(1) };
        let sums = Span::<f64>::from_raw(sums.cast(), W * map.cells());
        sums.exclusive().fill(0.0);
        for (level, place) in pyramid.places.iter().enumerate() {
            for &row in plan.rows(item) {
                let planes = pyramid.bins_at(map.channels, *place, row as usize);
                let planes = Planes { first: planes.at(channels.start, 0), ..planes };
                interleave::<V, W>(grad_output, planes, (count, place.bins), work.staged, work.bins);
                for (i, bin) in bins(plan, row as usize, level).enumerate() {
                    let gradient: [V; N] = core::array::from_fn(|k| work.bins.load(W * i + V::LANES * k, V::LANES));
                    for cell in cells(bin, map.width) {
                        let sums = sums.part(W * cell, W).as_mut_ptr();
                        for (k, gradient) in gradient.iter().enumerate() {
                            gradient.add_to(sums.add(V::LANES * k), scale(bin));
                        }
                    }
                }
            }
        }
        for first in (0..W * map.cells()).step_by(V::LANES) {
            let rounded = V::from_sums(sums.part(first, V::LANES).as_mut_ptr(), 1.0);
            work.cells.store(first, rounded, V::LANES);
        }
        let planes = Planes { first: here.at(channels.start, 0), ..here };
        separate::<V, W>(work.cells, grad_input, planes, (count, map.cells()));
    }
}
