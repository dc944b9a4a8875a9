//! Regions of one map share nearly all of its cells. So maxima over `2^k` cells of a row are made once for a block of
//! channels, lanes along the channels; then the maximum of any bin is that of two of them in each of its rows.
//!
//! This is done where only values are asked for ([`tables`]). With indices, or where the order of the scan matters (zeros of
//! both signs, NaN), every bin is scanned, lanes along the channels as well ([`lanes`]). Where regions read few of the cells, or the map is too
//! large for tables, bins are scanned channel by channel ([`scan`]).

use core::ops::Range;

use crate::element::{ElementType, Elements};
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
mod round;
mod scan;
mod tables;
mod walk;
mod writer;

use block::ChannelBlock;
use tables::CellFlags;
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
    let here = plan.pyramid().arrangement.layout.cells(map, item);
    let planes = PlaneStrides { first: here.at(channels.start, 0), ..here };
    let block =
        ChannelBlock { plan, input, half_bits: input.kind() == ElementType::F16, planes, channels: channels.len() };
    let writer = |block: ChannelBlock| RegionWriter {
        pyramid: plan.pyramid(),
        channels: (channels.start, map.channels),
        count: block.channels,
        output,
        half_bits: block.half_bits,
        indices,
    };
    // SAFETY: the caller's promise.
    unsafe {
        let work = RegionScratch::take(plan, &mut Parts::cut(scratch));
        let Some(tables) = plan.tables() else {
            return scan::pool(block, rows, writer(block));
        };
        let (block, flags) = fill(block, &work);
        if !tables.parts.is_empty() && indices.len() == 0 && flags.in_any_order() {
            tables::pool(block, rows, tables, writer(block), &work);
        } else {
            lanes::pool::<Native>(block, rows, &flags, writer(block), &work);
        }
    }
}

/// Fills the table of single cells. The bits of halves do not compare as their values do where some are NaN: those of such a block are
/// filled in anew, by their values.
///
/// # Safety
/// The block must lie inside its input, and the workspace be the plan's.
unsafe fn fill<'a>(block: ChannelBlock<'a>, work: &RegionScratch) -> (ChannelBlock<'a>, CellFlags) {
    // SAFETY: the caller's promise.
    unsafe {
        let flags = tables::fill::<Native>(block, work.tables);
        if !(flags.nan && block.half_bits) {
            return (block, flags);
        }
        let block = ChannelBlock { half_bits: false, ..block };
        (block, tables::fill::<Native>(block, work.tables))
    }
}
