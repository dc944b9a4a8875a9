//! Regions of one map share nearly all of its cells. So maxima over `2^k` cells of a row are made once for a block of
//! channels, lanes along the channels; then the maximum of any bin is that of two of them in each of its rows.
//!
//! This is done where only values are asked for ([`tables`]). With indices, or where the order of the scan matters (zeros of
//! both signs, NaN), every bin is scanned, lanes along the channels as well ([`lanes`]). Where regions read few of the cells, or the map is too
//! large for tables, bins are scanned channel by channel ([`scan`]).

use core::ops::Range;

use crate::element::Elements;
use crate::geometry::shape::FeatureMap;
use crate::geometry::shape::PlaneStrides;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::regions::{RegionPlan, RegionScratch};
use crate::vector::Native;

pub(crate) mod align;
pub(crate) mod average;
mod block;
mod interleave;
mod lanes;
mod scan;
mod tables;
mod walk;
mod writer;

use block::ChannelBlock;
use writer::RegionWriter;

/// Pools some regions of an item, `rows` of the output, at most [`REGION_CHANNELS`](crate::tuning::REGION_CHANNELS) channels of it.
///
/// # Safety
/// `rows` must be the item's, `map` must have passed the plan's check, `input` and `output` have its lengths, and `scratch`
/// be the plan's.
pub(crate) unsafe fn pool(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: Elements,
    (output, indices): (Elements, Span<u32>),
    (item, channels, rows): (usize, Range<usize>, &[u32]),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let work = RegionScratch::take(plan, input.kind(), &mut Parts::cut(scratch));
        let block = block(plan, map, input, (item, channels.clone()), work.converted);
        let writer = RegionWriter {
            pyramid: plan.pyramid(),
            channels: (channels.start, map.channels),
            output,
            indices,
            staged: work.staged,
        };
        let Some(tables) = plan.tables() else {
            return scan::pool(block, rows, writer);
        };
        let flags = tables::fill::<Native>(block, work.tables);
        if !tables.parts.is_empty() && indices.len() == 0 && flags.in_any_order() {
            tables::pool(block, rows, tables, writer, &work);
        } else {
            lanes::pool::<Native>(block, rows, &flags, writer, &work);
        }
    }
}

/// The cells of some channels, converted if need be.
unsafe fn block<'a>(
    plan: &'a RegionPlan,
    map: &FeatureMap,
    input: Elements<'a>,
    (item, channels): (usize, Range<usize>),
    converted: Span<'a, f32>,
) -> ChannelBlock<'a> {
    let layout = plan.pyramid().arrangement.layout;
    let here = layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise; the block's cells lie inside the input, and the plan counts them in the scratch.
    unsafe {
        let (cells, planes) = match input.as_f32() {
            Some(input) => (input.shared(), PlaneStrides { first: here.at(channels.start, 0), ..here }),
            None => {
                let small = FeatureMap { batch: 1, channels: count, ..*map };
                let cells = converted.part(0, small.len());
                input.widen_runs(here.runs(channels, map.cells()), cells.exclusive());
                (cells.shared(), layout.cells(&small, 0))
            }
        };
        ChannelBlock { plan, cells, planes, channels: count }
    }
}
