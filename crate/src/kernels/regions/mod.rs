//! Regions of one map share nearly all of its cells. So maxima over `2^k` cells of a row are made once for a block of
//! channels, lanes along the channels; then the maximum of any bin is that of two of them in each of its rows.
//!
//! Where only values are asked for, the tables hold these ([`tables::Values`]). With indices, or where the order of the
//! scan matters (zeros of both signs, NaN), they hold ranks ([`ranks`]): cells sorted such that the one a scan would choose
//! ranks higher. Few regions, or maps too large for tables, are scanned bin by bin ([`scan`]).

use core::ops::Range;

use crate::FeatureMap;
use crate::element::{ElementType, Elements};
use crate::regions::RegionPlan;
use crate::shape::Planes;
use crate::span::Span;

mod emit;
mod ranks;
mod scan;
mod tables;

use emit::Sink;

/// Channels that are worked on together: their values fill a line of the cache.
pub(crate) const REGION_CHANNELS: usize = 16;

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
    pooled: Span<'a, f32>,
    tables: Span<'a, f32>,
    /// For each channel and rank the value and the index of the cell it stands for.
    ranked: Span<'a, u32>,
    sorting: Span<'a, u32>,
}

impl<'a> Workspace<'a> {
    fn parts(plan: &RegionPlan, kind: ElementType) -> [usize; 6] {
        let (height, width) = plan.size();
        let cells = height * width;
        let bins = plan.pyramid().bins;
        let converted = if kind == ElementType::F32 { 0 } else { REGION_CHANNELS };
        let (tables, ranked, sorting) = match plan.tables() {
            Some(tables) if tables.ranks_pay => (REGION_CHANNELS * tables.count, 2 * REGION_CHANNELS, 4),
            Some(tables) => (REGION_CHANNELS * tables.count, 0, 0),
            None => (0, 0, 0),
        };
        [
            converted.saturating_mul(cells),
            converted.saturating_mul(bins),
            REGION_CHANNELS.saturating_mul(bins),
            tables * cells,
            ranked * (cells + 2),
            sorting * cells,
        ]
    }

    /// Words of all parts together.
    pub fn len(plan: &RegionPlan, kind: ElementType) -> usize {
        Self::parts(plan, kind).into_iter().fold(0, usize::saturating_add)
    }

    /// # Safety
    /// `memory` must have as many words as [`Workspace::len`] says, and no other holder.
    unsafe fn new(plan: &RegionPlan, kind: ElementType, memory: Span<'a, f32>) -> Self {
        let mut before = 0;
        let [converted, staged, pooled, tables, ranked, sorting] = Self::parts(plan, kind).map(|len| {
            let first = before;
            before += len;
            // SAFETY: the parts follow each other, and are as long together as the memory.
            unsafe { memory.part(first, len) }
        });
        Workspace { converted, staged, pooled, tables, ranked: ranked.cast(), sorting: sorting.cast() }
    }
}

/// Regions that all blocks of channels are pooled for before the next regions are. Rows of the output lie far apart: a
/// processor keeps the addresses of this many at hand, and not those of thousands.
pub(crate) const REGION_GROUP: usize = 512;

/// Pools some regions of an item, `rows` of the output, at most [`REGION_CHANNELS`] channels of it. Cells are sorted for all
/// regions at once, so where that is the way, all come with the first of them.
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
    let tables = plan.tables();
    let ranks = tables.filter(|tables| tables.ranks_pay);
    let is_first = rows.first() == plan.rows(item).first();
    if indices.len() > 0 && ranks.is_some() && !is_first {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let work = Workspace::new(plan, input.kind(), scratch);
        let block = block(plan, map, input, (item, channels.clone()), work.converted);
        let sink = Sink { plan, channels: (channels.start, map.channels), output, indices, staged: work.staged };
        if let Some(tables) = tables.filter(|_| indices.len() == 0)
            && tables::pool_values(block, rows, tables, sink, &work)
        {
            return;
        }
        match ranks {
            None => scan::pool(block, rows, sink),
            Some(tables) if is_first => ranks::pool(block, plan.rows(item), tables, sink, &work),
            Some(_) => {}
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
            Some(input) => (input.slice(), Planes { first: here.at(channels.start, 0), ..here }),
            None => {
                let small = FeatureMap { batch: 1, channels: count, ..*map };
                let cells = converted.part(0, small.len()).slice();
                input.gather(here.runs(channels, map.cells()), cells);
                (cells, layout.cells(&small, 0))
            }
        };
        Block { plan, cells, planes, channels: count }
    }
}
