//! Regions of one map share nearly all of its cells. So maxima over `2^k` cells of a row are made once for a block of
//! channels, lanes along the channels; then the maximum of any bin is that of two of them in each of its rows.
//!
//! That is the way where only values are asked for ([`tables`]). With indices, or where the order of the scan matters (zeros of
//! both signs, NaN), every bin is scanned, lanes along the channels as well ([`lanes`]). Few cells of a map, or maps too large
//! for tables, are scanned channel by channel ([`scan`]).

use core::ops::Range;

use crate::element::{ElementType, Elements};
use crate::geometry::shape::FeatureMap;
use crate::geometry::shape::Planes;
use crate::kernels::Slots;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::regions::RegionPlan;
use crate::vector::Native;

pub(crate) mod align;
mod emit;
mod interleave;
mod lanes;
mod scan;
mod tables;
mod walk;

use emit::Sink;

/// Channels that are worked on together: their values fill a line of the cache.
pub(crate) const REGION_CHANNELS: usize = 16;

/// Vectors that hold the values of a block's channels.
const VECTORS: usize = REGION_CHANNELS / 4;

/// Cells of the planes whose gradients are gathered together: they stay in the second-level cache.
pub(crate) const REGION_BACKWARD_BLOCK: usize = 32768;

/// What a bin came to: its value, and its index in the plane.
type Best = (f32, u32);

/// Some channels of one item.
#[derive(Clone, Copy)]
struct Block<'a> {
    plan: &'a RegionPlan,
    cells: &'a [f32],
    /// Where the block's planes lie in `cells`, its first channel being plane 0.
    planes: Planes,
    /// Number of channels, at most [`REGION_CHANNELS`].
    channels: usize,
}

impl Block<'_> {
    #[inline(always)]
    fn cell(&self, channel: usize, index: usize) -> f32 {
        self.cells[self.planes.at(channel, index)]
    }

    fn cell_count(&self) -> usize {
        let (height, width) = self.plan.size();
        height * width
    }
}

/// Working memory of one thread, cut up for a plan. Each part is a number of words.
pub(crate) struct Workspace<'a> {
    /// The cells of a block, where they must be converted.
    converted: Span<'a, f32>,
    /// One level of one region, where it must be converted.
    staged: Span<'a, f32>,
    /// The bins of one region, for a whole block of channels.
    pooled: Slots<'a>,
    tables: Span<'a, f32>,
}

impl<'a> Workspace<'a> {
    /// Takes all parts.
    pub fn take(plan: &RegionPlan, kind: ElementType, parts: &mut Parts<'a>) -> Self {
        let (height, width) = plan.size();
        let bins = plan.pyramid().bins;
        let converted = if kind == ElementType::F32 { 0 } else { plan.forward_block() };
        let tables = plan.tables().map_or(0, |tables| tables.count);
        let pooled = [if tables > 0 { REGION_CHANNELS } else { 0 }, bins];
        Workspace {
            converted: parts.take(&[converted, height, width]),
            staged: parts.take(&[converted, bins]),
            pooled: Slots { values: parts.take(&pooled), indices: parts.take(&pooled).cast() },
            tables: parts.take(&[REGION_CHANNELS, tables, height, width]),
        }
    }
}

/// Rows of values, and of indices, that all blocks of channels are pooled for before the next rows are. They lie far apart: a
/// processor keeps the addresses of this many at hand, and not those of thousands.
pub(crate) const REGION_GROUP: usize = 512;

/// Pools some regions of an item, `rows` of the output, at most [`REGION_CHANNELS`] channels of it.
///
/// # Safety
/// `rows` must be the item's, `map` must have passed the plan's check, `input` and `output` have its lengths, and `scratch`
/// be the plan's.
pub(crate) unsafe fn channels(
    plan: &RegionPlan,
    map: &FeatureMap,
    input: Elements,
    (output, indices): (Elements, Span<u32>),
    (item, channels, rows): (usize, Range<usize>, &[u32]),
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let work = Workspace::take(plan, input.kind(), &mut Parts::cut(scratch));
        let block = block(plan, map, input, (item, channels.clone()), work.converted);
        let sink = Sink {
            pyramid: plan.pyramid(),
            channels: (channels.start, map.channels),
            output,
            indices,
            staged: work.staged,
        };
        let Some(tables) = plan.tables() else {
            return scan::pool(block, rows, sink);
        };
        let found = tables::fill::<Native>(block, work.tables);
        if !tables.parts.is_empty() && indices.len() == 0 && found.in_any_order() {
            tables::pool(block, rows, tables, sink, &work);
        } else {
            lanes::pool::<Native>(block, rows, &found, sink, &work);
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
) -> Block<'a> {
    let layout = plan.pyramid().layout;
    let here = layout.cells(map, item);
    let count = channels.len();
    // SAFETY: the caller's promise; the block's cells lie inside the input, and the plan counts them in the scratch.
    unsafe {
        let (cells, planes) = match input.as_f32() {
            Some(input) => (input.shared(), Planes { first: here.at(channels.start, 0), ..here }),
            None => {
                let small = FeatureMap { batch: 1, channels: count, ..*map };
                let cells = converted.part(0, small.len());
                input.gather(here.runs(channels, map.cells()), cells.exclusive());
                (cells.shared(), layout.cells(&small, 0))
            }
        };
        Block { plan, cells, planes, channels: count }
    }
}
