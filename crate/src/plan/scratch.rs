//! The working memory that kernels take for a plan: each part is counted and cut here alone.

use super::pyramid_plan::PyramidPlan;
use crate::element::{ElementType, Elements};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::Layout;
use crate::memory::maxima::Maxima;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::tuning::{
    AVERAGE_GATHERED, AVERAGE_SUMS, CACHE_LINE, CHANNEL_BLOCK, MOST_CONVERTED, MOST_TRANSPOSED, NARROW_CELLS,
    NARROW_SMALL, TRANSPOSED_BLOCK,
};
use crate::vector::BYTES as VECTOR_BYTES;

/// Number of words of working memory that averages and their gradients take in any case: sums in `f64` with a word to align them, and
/// elements that are brought side by side.
pub(crate) const AVERAGE_SCRATCH: usize = 3 * AVERAGE_SUMS + 1;

/// What NCHW kernels work in.
#[derive(Clone, Copy)]
pub(crate) struct NchwScratch<'a> {
    /// The reduced rows of a block of planes, and their indices.
    pub reduced: (Span<'a, f32>, Span<'a, u32>),
    /// The map where it is narrower than a vector, in rows of one.
    pub widened: Span<'a, f32>,
}

/// What some channels are converted in.
pub(crate) struct ConvertScratch<'a> {
    pub cells: Span<'a, f32>,
    pub bins: Span<'a, f32>,
    pub indices: Span<'a, u32>,
}

/// What a block of NCHW planes of bytes or halves is pooled in.
pub(crate) struct NarrowScratch<'a> {
    /// The planes of a block: their values of a cell fill a line of the cache.
    pub line: usize,
    /// Elements of a vector.
    pub lanes: usize,
    /// Whether planes are small, and all their cells transposed first.
    small: bool,
    /// Rows of bins that are made together.
    pub together: usize,
    /// Elements from one plane's reduced rows to the next.
    pub stride: usize,
    /// The reduced rows of eight planes, and the numbers of their rows.
    pub rows: [Elements<'a>; 2],
    /// The same of all planes, transposed: a plane beside the other.
    pub cells: [Elements<'a>; 2],
    /// The bins of all levels, a plane beside the other.
    pub values: Elements<'a>,
    pub indices: Span<'a, u32>,
    /// Bins in the order of the output. At other times, planes whose rows are narrower than a vector, and as much as is read with the last of
    /// them.
    pub staged: Elements<'a>,
}

impl NarrowScratch<'_> {
    /// Whether so many planes are transposed before anything else: small ones that fill half of a line at least.
    pub fn transposes(&self, planes: usize) -> bool {
        self.small && 2 * planes >= self.line
    }
}

impl PyramidPlan {
    /// What planes of bytes or halves are pooled in.
    pub(crate) fn narrow_scratch<'a>(&self, kind: ElementType, parts: &mut Parts<'a>) -> NarrowScratch<'a> {
        let (line, lanes) = (CACHE_LINE / kind.size(), VECTOR_BYTES / kind.size());
        let plane = self.height * self.width;
        let small = plane >= lanes && plane <= NARROW_SMALL;
        let together = (NARROW_CELLS / self.width).clamp(1, self.most_rows());
        let cells = (together * self.width).next_multiple_of(lanes);
        // Stores of the last row may reach behind it.
        let stride = cells + lanes;
        let bins = self.pyramid.bins;
        let copied = if self.width < lanes { (plane + 2 * lanes).div_ceil(line) } else { 0 };
        let mut take = |lines: usize| take_lines(lines, kind, parts);
        let (some, all) = ((8 * stride).div_ceil(line), if small { plane.max(cells) } else { cells });
        let (rows, cells) = ([take(some), take(some)], [take(all), take(all)]);
        let (values, staged) = (take(bins), take(copied.max(bins + 1)));
        let indices = parts.take(&[line, bins]).cast();
        NarrowScratch { line, lanes, small, together, stride, rows, cells, values, indices, staged }
    }

    pub(crate) fn nchw_scratch<'a>(&self, parts: &mut Parts<'a>) -> NchwScratch<'a> {
        let reduced = [self.reduced_rows(), self.row_stride()];
        NchwScratch {
            reduced: (parts.take(&reduced), parts.take(&reduced).cast()),
            widened: parts.take(&[if self.width < 4 { 4 } else { 0 }, self.height]),
        }
    }

    /// The cells of planes that are transposed into NHWC, and what they are pooled in.
    pub(crate) fn transposed_scratch<'a>(&self, parts: &mut Parts<'a>) -> (Span<'a, f32>, Maxima<'a>) {
        let cells = parts.take(&[TRANSPOSED_BLOCK, self.height, self.width]);
        (cells, self.pooled_scratch(TRANSPOSED_BLOCK, parts))
    }

    /// What NHWC channels are pooled in where their output is transposed.
    pub(crate) fn output_scratch<'a>(&self, parts: &mut Parts<'a>) -> Maxima<'a> {
        self.pooled_scratch(self.output_block(), parts)
    }

    fn pooled_scratch<'a>(&self, channels: usize, parts: &mut Parts<'a>) -> Maxima<'a> {
        let bins = [channels, self.pyramid.bins];
        Maxima { values: parts.take(&bins), indices: parts.take(&bins).cast() }
    }

    /// NHWC channels that are pooled together before their output is transposed: as many as can be, since memory comes in long runs, while
    /// the bins stay in the second-level cache.
    pub(crate) fn output_block(&self) -> usize {
        let most = MOST_TRANSPOSED / self.pyramid.bins / CHANNEL_BLOCK * CHANNEL_BLOCK;
        most.clamp(CHANNEL_BLOCK, 16 * CHANNEL_BLOCK)
    }

    /// Takes what `channels` converted channels need.
    pub(crate) fn convert_scratch<'a>(&self, channels: usize, parts: &mut Parts<'a>) -> ConvertScratch<'a> {
        ConvertScratch {
            cells: parts.take(&[channels, self.height, self.width]),
            bins: parts.take(&[channels, self.pyramid.bins]),
            indices: parts.take(&[channels, self.pyramid.bins]).cast(),
        }
    }

    /// Channels that are converted together.
    pub(crate) fn convert_block(&self) -> usize {
        let block = match self.layout() {
            Layout::Nchw if self.transposed => TRANSPOSED_BLOCK,
            Layout::Nchw => self.forward_block(),
            Layout::Nhwc => CHANNEL_BLOCK,
        };
        let words = Parts::count(|parts| {
            self.convert_scratch(1, parts);
        });
        match MOST_CONVERTED / words {
            most @ 4.. => block.min(most / 4 * 4),
            most => block.min(most.max(1)),
        }
    }

    /// Takes what conversion needs for a type, where it needs something.
    fn take_converted(&self, kind: ElementType, parts: &mut Parts) {
        if kind != ElementType::F32 {
            self.convert_scratch(self.convert_block(), parts);
        }
    }

    /// Counts the words of working memory that a thread needs to pool.
    pub(super) fn count_forward_scratch(&self, kind: ElementType) -> usize {
        let nchw = Parts::count(|parts| {
            self.nchw_scratch(parts);
        });
        let transposed = Parts::count(|parts| {
            self.transposed_scratch(parts);
        });
        let narrow = Parts::count(|parts| {
            if self.fits_narrow(kind) {
                self.narrow_scratch(kind, parts);
            }
        });
        let wide = Parts::count(|parts| {
            self.take_converted(kind, parts);
            match self.layout() {
                Layout::Nchw if self.transposed => parts.take(&[nchw.max(transposed)]),
                Layout::Nchw => parts.take(&[nchw]),
                Layout::Nhwc if self.transposes_output() => {
                    self.output_scratch(parts);
                    Span::empty()
                }
                Layout::Nhwc => Span::empty(),
            };
        });
        wide.max(narrow)
    }

    /// Counts the words of working memory that a thread needs for a gradient.
    pub(super) fn count_backward_scratch(&self) -> usize {
        Parts::count(|parts| {
            gradient_scratch(&self.pyramid, (self.backward_block(), self.height * self.width), true, parts);
        })
    }

    /// Number of words of working memory that a thread needs to average, or for the gradient of an average. In NHWC the
    /// gradients of all bins of some channels are brought side by side; a vector may reach behind the last.
    pub(crate) fn average_scratch(&self) -> usize {
        let gathered = match self.layout() {
            Layout::Nchw => 0,
            Layout::Nhwc => (AVERAGE_SUMS / 2).saturating_mul(self.pyramid.bins).min(AVERAGE_GATHERED) + 4,
        };
        AVERAGE_SCRATCH + gathered
    }
}

/// Elements of a type that fill so many lines of the cache.
#[inline(never)]
fn take_lines<'a>(lines: usize, kind: ElementType, parts: &mut Parts<'a>) -> Elements<'a> {
    Elements::in_memory(parts.take(&[lines, CACHE_LINE / 4]), kind)
}

/// Two blocks of planes for gradients, each empty where it is not needed: the first for a level by itself, which is scattered straight into
/// the result, the second for two levels. A single bin at the end is not counted among them where each item has an `only_row` of the output.
pub(crate) fn gradient_scratch<'a>(
    pyramid: &Pyramid,
    (block, cells): (usize, usize),
    only_row: bool,
    parts: &mut Parts<'a>,
) -> [Span<'a, f32>; 2] {
    let single = only_row && pyramid.levels.last().is_some_and(|level| level.bins == 1);
    [1, 2 + usize::from(single)]
        .map(|levels| parts.take(&[if pyramid.levels.len() > levels { block } else { 0 }, cells]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::bins::Rule;

    /// Words of working memory, for every type and operation.
    fn words(size: (usize, usize), levels: &[(usize, usize)], layout: Layout) -> usize {
        let plan = PyramidPlan::new(size.0, size.1, levels, Rule::Adaptive, layout).unwrap();
        let of = |kind| plan.forward_scratch(kind).max(plan.average_scratch());
        of(ElementType::F32).max(of(ElementType::U8)).max(plan.backward_scratch())
    }

    #[test]
    fn working_memory_is_near_what_a_plane_and_its_bins_take() {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            for (size, levels) in [
                ((1, 96), vec![(699_051, 1)]),
                ((1, 96), vec![(600_000, 1), (1, 1)]),
                ((3, 3), vec![(1 << 16, 1 << 4)]),
                ((2, 1), vec![(1, 1 << 20), (1 << 20, 1)]),
                ((1 << 10, 1 << 12), vec![(700, 900), (1, 1)]),
                ((1, 1 << 22), vec![(1, 1 << 20), (1, 1 << 10)]),
            ] {
                let bins: usize = levels.iter().map(|(rows, columns)| rows * columns).sum();
                let plane = size.0 * size.1 + 2 * bins;
                assert!(words(size, &levels, layout) <= 4 * plane + 2 * MOST_CONVERTED, "{size:?} {levels:?}");
            }
        }
    }

    #[test]
    fn working_memory_beyond_32_bits_is_counted_as_the_most_there_is() {
        let plan = PyramidPlan::new(1, 3, &[(1, 1 << 27), (1, 1)], Rule::Adaptive, Layout::Nhwc).unwrap();
        let words = Parts::count(|parts| {
            plan.convert_scratch(1 << 10, parts);
        });
        assert_eq!(words, u32::MAX as usize);
    }
}
