//! Runs the existing `f32` kernels over other element types: some channels at a time are widened into working memory, as a small
//! map of their own that stays in the cache, and the results are narrowed.

use core::ops::Range;

use crate::element::Elements;
use crate::geometry::shape::FeatureMap;
use crate::geometry::units;
use crate::memory::maxima::Maxima;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::ConvertScratch;
use crate::plan::PyramidPlan;
use crate::pool::floats;

/// Some channels of one item, and the small map that stands for them.
struct WidenedBlock<'a> {
    plan: &'a PyramidPlan,
    whole: &'a FeatureMap,
    item: usize,
    channels: Range<usize>,
    map: FeatureMap,
    cells: Span<'a, f32>,
    bins: Span<'a, f32>,
    indices: Span<'a, u32>,
    /// What the kernels need.
    scratch: Span<'a, f32>,
}

/// Cuts some channels of an item into blocks, which take turns in one scratch: what the plan counts for types that are converted.
fn blocks_of<'a>(
    plan: &'a PyramidPlan,
    whole: &'a FeatureMap,
    (item, channels): (usize, Range<usize>),
    scratch: Span<'a, f32>,
) -> impl Iterator<Item = WidenedBlock<'a>> {
    units::blocks(channels, plan.convert_block()).map(move |channels| {
        let map = FeatureMap { batch: 1, channels: channels.len(), ..*whole };
        let mut parts = Parts::cut(scratch);
        let ConvertScratch { cells, bins, indices } = plan.convert_scratch(map.channels, &mut parts);
        WidenedBlock { plan, whole, item, channels, map, cells, bins, indices, scratch: parts.rest() }
    })
}

impl WidenedBlock<'_> {
    fn units(&self) -> Range<usize> {
        self.plan.units(&self.map).all()
    }

    /// Where the block's cells lie in the whole map.
    fn cell_runs(&self) -> impl Iterator<Item = Range<usize>> {
        self.plan.layout().cells(self.whole, self.item).runs(self.channels.clone(), self.whole.cells())
    }
}

/// Pools some channels of an item.
///
/// # Safety
/// As [`floats::forward`] for the units of these channels, with the scratch that the plan counts for the type.
pub(crate) unsafe fn forward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    (output, indices): (Elements, Span<u32>),
    part: (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let indexed = indices.len() > 0;
    // SAFETY: the caller's promise, and the runs of a block lie inside the map and the output.
    unsafe {
        for block in blocks_of(plan, map, part, scratch) {
            input.widen_runs(block.cell_runs(), block.cells.exclusive());
            let places = if indexed { block.indices } else { block.indices.part(0, 0) };
            let maxima = Maxima { values: block.bins, indices: places };
            floats::forward(plan, &block.map, block.cells.shared(), maxima, block.units(), block.scratch);
            // The bins of a block lie one after the other, in the order of their runs in the output.
            let mut from = 0;
            for range in plan.pyramid().stretches() {
                let bins = plan.pyramid().bins_at(map.channels, range, block.item);
                for run in bins.runs(block.channels.clone(), range.bins) {
                    output.narrow(run.start, block.bins.part(from, run.len()).shared());
                    if indexed {
                        let part = block.indices.part(from, run.len()).shared();
                        indices.part(run.start, run.len()).exclusive().copy_from_slice(part);
                    }
                    from += run.len();
                }
            }
        }
    }
}
