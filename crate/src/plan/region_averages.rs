//! The working memory of averages over the bins of regions.

use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::regions::RegionPlan;

/// Working memory of one thread. Each part is a number of words.
pub(crate) struct AverageScratch<'a> {
    /// The cells of a block of channels, or the gradients with respect to them, interleaved.
    pub cells: Span<'a, f32>,
    /// The bins of one level of one region, likewise.
    pub bins: Span<'a, f32>,
    /// Sums of gradients in `f64`, with a word to spare, so that they can be aligned.
    pub sums: Span<'a, f32>,
}

impl<'a> AverageScratch<'a> {
    /// Takes all parts.
    pub fn take(plan: &RegionPlan, backward: bool, parts: &mut Parts<'a>) -> Self {
        let set = plan.set();
        let (block, cells, bins) = (set.interleaved(), set.cells(), set.pyramid.most_bins());
        AverageScratch {
            cells: parts.take(&[block, cells]),
            bins: parts.take(&[block, bins]),
            sums: if backward {
                parts.take(&[1]);
                parts.take(&[2, block, cells])
            } else {
                Span::empty()
            },
        }
    }
}

impl RegionPlan {
    /// Number of words of working memory that a thread needs to average, or for the gradient of an average.
    pub(crate) fn average_scratch(&self, backward: bool) -> usize {
        Parts::count(|parts| {
            AverageScratch::take(self, backward, parts);
        })
    }
}
