//! Averages over the bins of regions and their gradients, lanes along the channels, near the true values as those of whole maps are: no
//! more than sixteen cells are summed in `f32`, all else in `f64`, and rounded once at the end.

use core::ops::Range;

use super::interleave::{interleave, separate};
use super::writer::RegionWriter;
use crate::element::Elements;
use crate::geometry::bins::Bin;
use crate::geometry::shape::{FeatureMap, PlaneStrides};
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::region_averages::AverageScratch;
use crate::plan::regions::RegionPlan;
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
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let here = plan.pyramid().arrangement.layout.cells(map, item);
    let (count, block) = (channels.len(), plan.set().interleaved());
    // SAFETY: the caller's promise; bins lie inside the map.
    unsafe {
        let work = AverageScratch::take(plan, false, &mut Parts::cut(scratch));
        let planes = PlaneStrides { first: here.at(channels.start, 0), ..here };
        if count < block {
            // What is left in lanes without a channel must not have their neighbours averaged anew.
            work.cells.exclusive().fill(0.0);
        }
        interleave::<Native>((input, false), planes, (count, map.cells()), (work.cells, block));
        let writer = RegionWriter {
            pyramid: plan.pyramid(),
            channels: (channels.start, map.channels),
            count,
            output,
            half_bits: false,
            indices: Span::empty(),
        };
        for &row in plan.set().rows(item) {
            for level in 0..plan.grids().len() {
                for (i, bin) in bins(plan, row as usize, level).enumerate() {
                    average_bin((work.cells, block), bin, map.width, work.bins.part(block * i, block));
                }
                writer.write::<Native>(row as usize, level, (work.bins, Span::empty()), block);
            }
        }
    }
}

/// As many sums as a vector has lanes, aligned.
#[repr(align(16))]
struct Sums([f64; Native::LANES]);

/// Averages a bin, vector by vector of the block's channels.
///
/// # Safety
/// The bin must lie inside the map of this width whose cells these are, interleaved in blocks of so many channels, and `to` have an
/// element for each channel of a block.
#[inline(never)]
unsafe fn average_bin((memory, block): (Span<f32>, usize), bin: (Bin, Bin), width: usize, to: Span<f32>) {
    for channel in (0..block).step_by(Native::LANES) {
        let mut sums = Sums([0.0; Native::LANES]);
        let sums = sums.0.as_mut_ptr();
        // SAFETY: the caller's promise, and there are enough sums.
        unsafe {
            let (mut sum, mut summed) = (Native::splat(0.0), 0);
            for cell in cells(bin, width) {
                sum = sum.add(memory.load(block * cell + channel, Native::LANES));
                summed += 1;
                if summed == TOGETHER {
                    sum.add_to(sums, 1.0);
                    (sum, summed) = (Native::splat(0.0), 0);
                }
            }
            sum.add_to(sums, 1.0);
            let average = Native::from_sums(sums, scale(bin));
            to.store(channel, average, Native::LANES);
            let zero = average.mul(Native::splat(0.0));
            if zero.ne(zero).any() {
                mend(memory, bin, (width, block), channel..channel + Native::LANES, to);
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
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let pyramid = plan.pyramid();
    let here = pyramid.arrangement.layout.cells(map, item);
    let (count, block) = (channels.len(), plan.set().interleaved());
    // SAFETY: the caller's promise; bins lie inside the map.
    unsafe {
        let work = AverageScratch::take(plan, true, &mut Parts::cut(scratch));
        // The word before is to spare.
        let sums = work.sums.as_mut_ptr();
        let sums = if sums.addr().is_multiple_of(align_of::<f64>()) { sums } else { sums.sub(1) };
        let sums = Span::<f64>::from_raw(sums.cast(), block * map.cells());
        sums.exclusive().fill(0.0);
        for (level, range) in pyramid.levels.iter().enumerate() {
            for &row in plan.set().rows(item) {
                let planes = pyramid.bins_at(map.channels, *range, row as usize);
                let planes = PlaneStrides { first: planes.at(channels.start, 0), ..planes };
                interleave::<Native>((grad_output, false), planes, (count, range.bins), (work.bins, block));
                for (i, bin) in bins(plan, row as usize, level).enumerate() {
                    let scale = scale(bin);
                    for channel in (0..block).step_by(Native::LANES) {
                        let gradient: Native = work.bins.load(block * i + channel, Native::LANES);
                        for cell in cells(bin, map.width) {
                            let sums = sums.part(block * cell + channel, Native::LANES);
                            gradient.add_to(sums.as_mut_ptr(), scale);
                        }
                    }
                }
            }
        }
        for first in (0..block * map.cells()).step_by(Native::LANES) {
            let rounded = Native::from_sums(sums.part(first, Native::LANES).as_mut_ptr(), 1.0);
            work.cells.store(first, rounded, Native::LANES);
        }
        let planes = PlaneStrides { first: here.at(channels.start, 0), ..here };
        separate::<Native>((work.cells, block), (grad_input, false), planes, (count, map.cells()));
    }
}
