//! A pyramid over maps of one size.

use super::level::{Level, Source, source};
use super::level_kernel::LevelKernel;
use super::strips::{Strip, strips};
use super::{nchw, square, transposed};
use crate::element::ElementType;
use crate::error::PoolError;
use crate::geometry::bins::{Bin, Rule};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{Arrangement, FeatureMap, Layout, OutputOrder};
use crate::geometry::units::Units;
use crate::memory::reserve::reserve;
use crate::tuning::{
    BACKWARD_BLOCK, CACHE_LINE, CHANNEL_BLOCK, MOST_NARROW, NARROW_FEWEST, STREAMED_MAP, STRIP_INDEXED, STRIP_VALUES,
    STRIPPED_PLANE, TRANSPOSED_FEWEST,
};
use crate::vector::{BYTES as VECTOR_BYTES, IN_REGISTERS};

/// A pyramid planned for feature maps of one height, width and layout, of any batch size and number of channels.
///
/// All validation happens here and where buffers are handed over: what runs a plan cannot fail.
#[derive(Clone, Debug)]
pub struct PyramidPlan {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) pyramid: Pyramid,
    levels: Vec<Level>,
    /// Positions in `levels`, parents before their children.
    order: Vec<usize>,
    strips: [Vec<Strip>; 2],
    pub(super) transposed: bool,
    /// Words of working memory that a thread needs to pool, by the type of the elements, and for a gradient.
    forward_scratch: [usize; 4],
    backward_scratch: usize,
}

impl PyramidPlan {
    /// Plans a pyramid of `levels` (rows and columns of bins, in the order of the output) over `height x width` maps,
    /// whose bins follow `rule`. A [`Layout`] alone stands for an output in the order of the levels.
    ///
    /// # Errors
    /// [`PoolError::NoLevels`], [`PoolError::EmptyLevel`], [`PoolError::EmptyMap`], [`PoolError::WrongCount`],
    /// [`PoolError::TooLarge`] or [`PoolError::OutOfMemory`].
    pub fn new(
        height: usize,
        width: usize,
        levels: &[(usize, usize)],
        rule: Rule,
        arrangement: impl Into<Arrangement>,
    ) -> Result<Self, PoolError> {
        let arrangement = arrangement.into();
        check_size(height, width)?;
        let pyramid = Pyramid::new(levels, arrangement)?;
        let mut planned = reserve(levels.len())?;
        for (&grid, &range) in levels.iter().zip(&pyramid.levels) {
            planned.push(Level::new((height, width), grid, rule, range)?);
        }
        for i in 0..planned.len() {
            planned[i].source = source(&planned, i, height * width);
        }
        let order = pyramid.finer_first()?;
        let mut plan = PyramidPlan {
            height,
            width,
            pyramid,
            levels: planned,
            order,
            strips: [strips(width, STRIP_VALUES)?, strips(width, STRIP_INDEXED)?],
            transposed: false,
            forward_scratch: [0; 4],
            backward_scratch: 0,
        };
        plan.transposed = plan.prefers_transposed();
        if arrangement.layout == Layout::Nchw {
            for at in 0..plan.order.len() {
                let i = plan.order[at];
                plan.levels[i].kernel = nchw::level_kernel((height, width), &plan.levels, i)?;
            }
        }
        plan.forward_scratch = ElementType::ALL.map(|kind| plan.count_forward_scratch(kind));
        plan.backward_scratch = plan.count_backward_scratch();
        Ok(plan)
    }

    /// Number of words of working memory that a thread needs to pool.
    pub(crate) fn forward_scratch(&self, kind: ElementType) -> usize {
        self.forward_scratch[kind as usize]
    }

    /// The same for a gradient.
    pub(crate) fn backward_scratch(&self) -> usize {
        self.backward_scratch
    }

    /// Length of an output for `batch` items of `channels` channels: `batch * channels * sum(nh * nw)`.
    pub fn output_len(&self, batch: usize, channels: usize) -> usize {
        self.pyramid.output_len(batch, channels)
    }

    /// Height and width of the maps it was made for.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Layout of the maps.
    pub fn layout(&self) -> Layout {
        self.pyramid.arrangement.layout
    }

    /// Whether NHWC maps are pooled in working memory, and the results transposed to the order of channels.
    pub(crate) fn transposes_output(&self) -> bool {
        self.pyramid.arrangement == Arrangement { layout: Layout::Nhwc, order: OutputOrder::Channels }
    }

    pub(crate) fn pyramid(&self) -> &Pyramid {
        &self.pyramid
    }

    /// How a call over `map` is cut up: planes, or blocks of channels where they fill the lanes.
    pub(crate) fn units(&self, map: &FeatureMap) -> Units {
        Units::new(map, if self.layout() == Layout::Nhwc || self.transposed { CHANNEL_BLOCK } else { 1 })
    }

    /// The same for maxima. Large NHWC items stay whole: threads that take turns in every cell are slower than one alone.
    pub(crate) fn forward_units(&self, map: &FeatureMap, kind: ElementType) -> Units {
        let (line, narrow) = (CACHE_LINE / kind.size(), self.pools_narrow(map, kind));
        let large = map.channels.saturating_mul(map.cells()) >= STREAMED_MAP / 2;
        match self.layout() {
            Layout::Nhwc if large && (narrow || kind == ElementType::F32) => Units::new(map, map.channels),
            _ if !narrow => self.units(map),
            Layout::Nchw => Units::new(map, CHANNEL_BLOCK),
            // Threads share out whole lines.
            Layout::Nhwc if map.channels.is_multiple_of(line) => Units::new(map, line),
            Layout::Nhwc => Units::new(map, map.channels),
        }
    }

    /// Whether maxima of a map are found in the type of its elements, bytes or halves: where the channels of an NHWC cell fill a vector, and in
    /// all but a few NCHW planes.
    pub(crate) fn pools_narrow(&self, map: &FeatureMap, kind: ElementType) -> bool {
        match self.layout() {
            Layout::Nchw => self.fits_narrow(kind) && map.channels >= NARROW_FEWEST,
            Layout::Nhwc => {
                has_kernels(kind) && !self.transposes_output() && map.channels >= VECTOR_BYTES / kind.size()
            }
        }
    }

    /// Whether NCHW planes of a type are pooled in it: where a block of reduced rows and of bins takes little memory.
    pub(super) fn fits_narrow(&self, kind: ElementType) -> bool {
        has_kernels(kind) && self.layout() == Layout::Nchw && self.width.max(self.pyramid.bins) <= MOST_NARROW
    }

    /// The level of sixteen bins over small square NCHW planes, and those of four and of one that are made along with it, where there
    /// are no other levels.
    pub(crate) fn squares(&self) -> Option<[Option<usize>; 3]> {
        let root = self.levels.iter().position(|level| matches!(level.kernel, LevelKernel::Square(_)))?;
        let LevelKernel::Square([four, one]) = self.levels[root].kernel else { return None };
        let all = [Some(root), four, one];
        (self.levels.len() == all.iter().flatten().count()).then_some(all)
    }

    /// Whether the rows and columns of each bin can be told apart by numbers of a type.
    pub(crate) fn counts_cells(&self, kind: ElementType) -> bool {
        let bits = if kind == ElementType::F16 { 15 } else { 8 };
        let counts = |bins: &[Bin]| bins.iter().all(|bin| bin.len() >> bits == 0);
        let mut roots = self.levels.iter().filter(|level| level.source == Source::Map);
        self.layout() == Layout::Nhwc || roots.all(|level| counts(&level.rows) && counts(&level.columns))
    }

    /// Rows of bins of the level that reads the map and has most of them.
    pub(super) fn most_rows(&self) -> usize {
        let rows = self.levels.iter().filter(|level| level.source == Source::Map).map(|level| level.rows.len());
        rows.max().unwrap_or(1)
    }

    /// Whether so many NCHW planes are transposed to NHWC to be pooled: as many as fill the lanes, if they are small.
    pub(crate) fn transposes(&self, channels: usize) -> bool {
        self.transposed && channels >= TRANSPOSED_FEWEST
    }

    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The levels, each after the one it is computed from.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Level> {
        self.order.iter().map(|&i| &self.levels[i])
    }

    pub(crate) fn strips(&self, indexed: bool) -> &[Strip] {
        &self.strips[usize::from(indexed)]
    }

    /// Distance between reduced rows, and between the rows of a map too narrow for a vector once it is widened.
    pub(crate) fn row_stride(&self) -> usize {
        nchw::row_stride(self.width)
    }

    /// Reduced rows that are kept at a time, for the level that has most: those of a block of planes.
    pub(super) fn reduced_rows(&self) -> usize {
        let rows = self.levels.iter().map(|level| match &level.kernel {
            LevelKernel::ReducedRows(gathered) => self.forward_block() * gathered.rows,
            _ => 0,
        });
        rows.max().unwrap_or(0)
    }

    /// Whether strips go from top to bottom of the map, or over one row of bins after the other. That reads memory nearly in the
    /// order in which it lies, but costs more to set up where indices are carried along.
    pub(crate) fn strips_whole(&self, indexed: bool) -> bool {
        indexed && self.height * self.width <= STRIPPED_PLANE
    }

    /// Planes that are pooled together: they and their reduced rows stay in the first-level cache.
    pub(crate) fn forward_block(&self) -> usize {
        nchw::forward_block(self.height * self.width)
    }

    /// Planes whose gradients are worked on together.
    pub(crate) fn backward_block(&self) -> usize {
        let planes = |cells: usize| cells / (self.height * self.width);
        let (few, many) = (planes(BACKWARD_BLOCK), planes(4 * BACKWARD_BLOCK));
        // Large planes have few cells that are touched, and in NHWC a line has the same cell of many planes. Halves
        // are added to four planes at a time.
        match if self.layout() == Layout::Nchw { few.max(many.min(4)) } else { many } {
            fours @ 4.. => fours / 4 * 4,
            few => few.max(1),
        }
    }

    /// Fails unless `map` has the planned size and its elements can be counted.
    pub(crate) fn check_map(&self, map: &FeatureMap) -> Result<(), PoolError> {
        let (planned, found) = (self.size(), (map.height, map.width));
        if planned != found {
            return Err(PoolError::WrongMap { planned, found });
        }
        let planes = map.batch.checked_mul(map.channels).ok_or(PoolError::TooLarge)?;
        let most = (self.height * self.width).max(self.pyramid.bins);
        planes.checked_mul(most).filter(|&n| n <= isize::MAX as usize / 4).ok_or(PoolError::TooLarge)?;
        Ok(())
    }

    /// Whether NCHW planes are small, and some level that reads them has no kernel for its size.
    fn prefers_transposed(&self) -> bool {
        let roots = || self.levels.iter().filter(|level| level.source == Source::Map);
        let pays = transposed::pays(self.size(), self.pyramid.bins, roots().count());
        self.layout() == Layout::Nchw && pays && !roots().all(|level| square::is_square(self.size(), level))
    }
}

/// Whether there are kernels for a type beside `f32`.
fn has_kernels(kind: ElementType) -> bool {
    IN_REGISTERS && kind != ElementType::F32
}

/// Fails unless a plane has cells, and no more than 31 bits count. [`Pyramid`] counts the bins.
fn check_size(height: usize, width: usize) -> Result<(), PoolError> {
    if height == 0 || width == 0 {
        return Err(PoolError::EmptyMap { height, width });
    }
    height.checked_mul(width).filter(|&cells| i32::try_from(cells).is_ok()).ok_or(PoolError::TooLarge)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(height: usize, width: usize, levels: &[usize]) -> PyramidPlan {
        let levels: Vec<_> = levels.iter().map(|&n| (n, n)).collect();
        PyramidPlan::new(height, width, &levels, Rule::Adaptive, Layout::Nchw).unwrap()
    }

    fn parents(plan: &PyramidPlan) -> Vec<Option<usize>> {
        let parent = |level: &Level| match level.source {
            Source::Map => None,
            Source::Level { parent, .. } => Some(parent),
        };
        plan.levels.iter().map(parent).collect()
    }

    #[test]
    fn only_levels_without_a_multiple_read_the_map() {
        assert_eq!(parents(&plan(13, 13, &[4, 2, 1])), [None, Some(0), Some(1)]);
        assert_eq!(parents(&plan(38, 50, &[6, 3, 2, 1])), [None, Some(0), Some(0), Some(2)]);
        assert_eq!(parents(&plan(10, 10, &[1, 2, 3, 4])), [Some(1), Some(3), None, None]);
    }

    #[test]
    fn equal_levels_follow_the_first_of_them() {
        assert_eq!(parents(&plan(5, 5, &[2, 2, 2])), [None, Some(0), Some(0)]);
    }

    #[test]
    fn parents_come_before_children() {
        let plan = plan(17, 9, &[1, 2, 3, 6, 6, 4]);
        for (at, &i) in plan.order.iter().enumerate() {
            if let Source::Level { parent, .. } = plan.levels[i].source {
                assert!(plan.order[..at].contains(&parent));
            }
        }
    }

    #[test]
    fn small_planes_are_turned_unless_there_are_kernels_for_them_or_few_of_them() {
        let transposes = |size, levels: &[usize], channels| plan(size, size, levels).transposes(channels);
        assert!(transposes(10, &[6, 3, 2, 1], 256) && transposes(13, &[6, 3, 2, 1], 16));
        assert!(
            transposes(18, &[6, 3, 2, 1], 64) && !transposes(18, &[4, 2, 1], 64) && transposes(24, &[8, 6, 3, 1], 64)
        );
        assert!(
            !transposes(13, &[4, 2, 1], 256) && !transposes(56, &[4, 2, 1], 256) && !transposes(10, &[1 << 12], 256)
        );
        assert!(!transposes(10, &[6, 3, 2, 1], 3));
    }

    #[test]
    fn impossible_plans_are_refused() {
        let plan = |height, width, levels: &[(usize, usize)]| {
            PyramidPlan::new(height, width, levels, Rule::Adaptive, Layout::Nchw).map(|_| ()).unwrap_err()
        };
        assert_eq!(plan(3, 3, &[]), PoolError::NoLevels);
        let error = PyramidPlan::new(13, 7, &[(4, 4)], Rule::Sliding, Layout::Nchw).map(|_| ());
        assert_eq!(error, Err(PoolError::WrongCount { size: 7, asked: 4, count: 6 }));
        assert_eq!(plan(3, 3, &[(1, 1), (2, 0)]), PoolError::EmptyLevel { level: 1, rows: 2, columns: 0 });
        assert_eq!(plan(0, 3, &[(1, 1)]), PoolError::EmptyMap { height: 0, width: 3 });
        assert_eq!(plan(1 << 16, 1 << 16, &[(1, 1)]), PoolError::TooLarge);
        assert_eq!(plan(3, 3, &[(1 << 20, 1 << 20)]), PoolError::TooLarge);
        assert_eq!(plan(3, 3, &[(usize::MAX, 2)]), PoolError::TooLarge);
    }
}
