//! RoIAlign: the average of a bin's samples.

use core::ops::Range;

use super::super::block::VECTORS;
use super::super::interleave::interleave;
use super::super::writer::{RegionWriter, StorePrefetch};
use super::RowSample;
use crate::element::Elements;
use crate::geometry::roi_align::Sample;
use crate::geometry::shape::{FeatureMap, PlaneStrides};
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::align::{AlignPlan, AlignScratch, LevelSamples};
use crate::tuning::REGION_CHANNELS;
use crate::vector::{Native, Vector};

/// Pools the regions of an item, a block of its channels at most.
///
/// # Safety
/// `map` must have passed the plan's check, `input` and `output` have its lengths, and `scratch` be the plan's.
pub(crate) unsafe fn forward(
    plan: &AlignPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    item: (usize, Range<usize>),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if plan.set().interleaved() == REGION_CHANNELS {
            pool::<Native, VECTORS, REGION_CHANNELS>(plan, map, input, output, item, scratch);
        } else {
            pool::<Native, 1, { Native::LANES }>(plan, map, input, output, item, scratch);
        }
    }
}

/// The same by `N` vectors, which are `W` channels.
#[inline(never)]
unsafe fn pool<V: Vector, const N: usize, const W: usize>(
    plan: &AlignPlan,
    map: &FeatureMap,
    input: Elements,
    output: Elements,
    (item, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let here = plan.set().pyramid.arrangement.layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise.
    unsafe {
        let work = AlignScratch::take(plan, &mut Parts::cut(scratch));
        let planes = PlaneStrides { first: here.at(channels.start, 0), ..here };
        interleave::<V>((input, false), planes, (count, map.cells()), (work.cells, W));
        let writer = RegionWriter {
            pyramid: &plan.set().pyramid,
            channels: (channels.start, map.channels),
            count,
            output,
            half_bits: false,
            indices: Span::empty(),
        };
        let rows = plan.set().rows(item);
        for (i, &row) in rows.iter().enumerate() {
            let next = rows.get(i + 1);
            for level in 0..plan.set().pyramid.levels.len() {
                let ahead = next.map(|&next| writer.store_prefetch(next as usize, level));
                average::<V, N, W>(plan.samples(row as usize, level), &work, ahead);
                writer.write::<V>(row as usize, level, (work.pooled, Span::empty()), W);
            }
        }
    }
}

/// Averages the samples of every bin of a level. Meanwhile it prefetches the lines `ahead`, which the same
/// level of the next region fills.
///
/// # Safety
/// The workspace must be the plan's, with the cells of a block in it, and the lines `ahead` be written later.
#[inline(never)]
unsafe fn average<V: Vector, const N: usize, const W: usize>(
    samples: LevelSamples,
    work: &AlignScratch,
    ahead: Option<StorePrefetch>,
) {
    let count = V::splat(samples.level.count);
    for (bin, (rows, columns, outside)) in samples.bins().enumerate() {
        // SAFETY: samples lie inside the map, and there is room for the level's bins.
        unsafe {
            // torchvision reads the plane's first cell for samples outside the map, with a weight of zero: one that is not finite makes
            // NaN of the bin.
            let start: [V; N] = if outside {
                let zero = V::splat(0.0);
                core::array::from_fn(|k| zero.add(zero.mul(work.cells.load(V::LANES * k, V::LANES))))
            } else {
                [V::splat(0.0); N]
            };
            let sum = sum::<V, N, W>(work.cells, (rows, columns), start);
            for (k, sum) in sum.into_iter().enumerate() {
                work.pooled.store(W * bin + V::LANES * k, sum.div(count), V::LANES);
            }
            if let Some(ahead) = ahead {
                ahead.prefetch(bin);
            }
        }
    }
}

/// Adds the samples of a bin to `sum`.
///
/// # Safety
/// They must lie inside the map whose cells these are.
#[inline(always)]
unsafe fn sum<V: Vector, const N: usize, const W: usize>(
    cells: Span<f32>,
    (rows, columns): (&[Sample], &[Sample]),
    mut sum: [V; N],
) -> [V; N] {
    for row in rows {
        let row = RowSample::<V>::new(row);
        for column in columns {
            let corners = row.corners(column);
            for (k, sum) in sum.iter_mut().enumerate() {
                let [a, b, c, d] = core::array::from_fn(|corner| {
                    // SAFETY: the caller's promise.
                    let cell: V = unsafe { cells.load(W * corners.cells[corner] + V::LANES * k, V::LANES) };
                    corners.weights[corner].mul(cell)
                });
                *sum = sum.add(a.add(b).add(c).add(d));
            }
        }
    }
    sum
}
