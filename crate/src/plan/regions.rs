//! Regions of a feature map, planned for one call: which cells every bin of every region reads, and how they are found.

use crate::error::PoolError;
use crate::geometry::bins::{Bin, nesting};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::region_rule::RegionRule;
use crate::geometry::shape::Arrangement;
use crate::memory::maxima::Maxima;
use crate::memory::reserve::reserve;
use crate::memory::scratch::{Parts, product};
use crate::memory::span::Span;
use crate::plan::gradient_scratch;
use crate::plan::region_rows::REGION_LEN;
use crate::plan::region_set::RegionSet;
use crate::tuning::{MOST_POOLED, MOST_TABLE_WORDS, REGION_BACKWARD_BLOCK, REGION_CHANNELS, TABLED_CELLS};

/// A pyramid planned for regions of feature maps of one height, width and batch size.
#[derive(Clone, Debug)]
pub struct RegionPlan {
    set: RegionSet,
    rule: RegionRule,
    /// Positions in the list of levels, finer levels first.
    order: Vec<usize>,
    /// The next finer level that each level divides: for most regions it follows from that one.
    parents: Vec<Option<usize>>,
    /// For each region and level the bins along the height, then along the width.
    bounds: Vec<Bin>,
    /// How each level of each region comes about.
    sources: Vec<RegionSource>,
    tables: Option<Tables>,
}

/// What a level of a region is computed from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RegionSource {
    /// The map, in whose tables every bin is looked up.
    Map,
    /// The same, where some bins lie outside the map.
    MapWithEmptyBins,
    /// The finer level at this place in the list.
    Level(usize),
}

/// Maxima over `2^k` cells of a row from every cell on, for `k < count`: the first holds the cells themselves.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub count: usize,
    /// Beside each of the plan's bounds, two summands of the cells to look up: along the height where a bin's first and last
    /// row begin, along the width where its first cell and the first of its last `2^k` cells stand in the tables. Empty where
    /// only the first table is small enough, so that nothing is looked up.
    pub parts: Vec<[u32; 2]>,
}

impl RegionPlan {
    /// Plans a pyramid of `levels` (rows and columns of bins, in the order of the output) over `regions` of maps, whose
    /// `size` is the number of items, the height and the width. A region is five numbers: item, left, top, right and bottom, in pixels of the image. A
    /// [`Layout`](crate::Layout) alone stands for an output in the order of the levels.
    ///
    /// # Errors
    /// [`PoolError::NoLevels`], [`PoolError::EmptyLevel`], [`PoolError::EmptyMap`], [`PoolError::InvalidRegion`] where an
    /// item is not one of the batch or a coordinate is not finite, [`PoolError::WrongLength`], [`PoolError::TooLarge`] or
    /// [`PoolError::OutOfMemory`].
    pub fn new(
        size: (usize, usize, usize),
        levels: &[(usize, usize)],
        rule: RegionRule,
        arrangement: impl Into<Arrangement>,
        regions: &[f32],
    ) -> Result<Self, PoolError> {
        let set = RegionSet::new(size, levels, arrangement.into(), regions)?;
        let order = set.pyramid.finer_first()?;
        let mut plan = RegionPlan {
            rule,
            parents: parents(levels, &order)?,
            order,
            bounds: reserve(set.count_all(set.grids.stride())?)?,
            sources: reserve(set.count_all(levels.len())?)?,
            set,
            tables: None,
        };
        for region in regions.chunks_exact(REGION_LEN) {
            plan.add_bounds(region);
        }
        for region in 0..plan.set.count() {
            plan.add_sources(region);
        }
        plan.tables = plan.plan_tables()?;
        Ok(plan)
    }

    fn add_bounds(&mut self, region: &[f32]) {
        let ((height, width), bounds) = (self.set.size(), &mut self.bounds);
        for &(rows, columns) in self.set.grids.all() {
            self.rule.bins((region[2], region[4]), height, rows, |bin| bounds.push(bin));
            self.rule.bins((region[1], region[3]), width, columns, |bin| bounds.push(bin));
        }
    }

    /// A level whose bins are unions of those of its parent follows from it. Most do for every region, but `f32` bins need
    /// not.
    fn add_sources(&mut self, region: usize) {
        for level in 0..self.set.grids.all().len() {
            let (here, there) = self.level_bounds(region, level);
            if [here, there].iter().any(|bins| bins.iter().any(|bin| bin.is_empty())) {
                self.sources.push(RegionSource::MapWithEmptyBins);
                continue;
            }
            let parent = self.parents[level].filter(|&other| {
                let (fine_rows, fine_columns) = self.level_bounds(region, other);
                let whole = |bins: &[Bin]| bins.iter().all(|bin| !bin.is_empty());
                whole(fine_rows)
                    && whole(fine_columns)
                    && nesting(fine_rows, here).is_some()
                    && nesting(fine_columns, there).is_some()
            });
            self.sources.push(parent.map_or(RegionSource::Map, RegionSource::Level));
        }
    }

    /// Tables pay unless regions look at next to nothing of the map; they must be small enough.
    fn plan_tables(&self) -> Result<Option<Tables>, PoolError> {
        let cells = self.set.cells();
        let (mut tables, mut looked_at) = (1, 0_usize);
        for region in 0..self.set.count() {
            for level in 0..self.set.grids.all().len() {
                if matches!(self.source(region, level), RegionSource::Level(_)) {
                    continue;
                }
                let (rows, columns) = self.level_bounds(region, level);
                tables = tables.max(tables_for(columns));
                let count = |bins: &[Bin]| bins.iter().fold(0, |sum: usize, bin| sum.saturating_add(bin.len()));
                looked_at = looked_at.saturating_add(count(rows).saturating_mul(count(columns)));
            }
        }
        let fit = |tables: usize| product(&[cells, REGION_CHANNELS, tables]) <= MOST_TABLE_WORDS;
        if looked_at <= cells / TABLED_CELLS || !fit(1) || self.set.pyramid.bins > MOST_POOLED {
            return Ok(None);
        }
        if !fit(tables) {
            return Ok(Some(Tables { count: 1, parts: Vec::new() }));
        }
        let mut parts = reserve(self.bounds.len())?;
        for region in 0..self.set.count() {
            for level in 0..self.set.grids.all().len() {
                let (rows, columns) = self.level_bounds(region, level);
                parts.extend(rows.iter().map(|bin| rows_of(bin, self.set.size().1)));
                parts.extend(columns.iter().map(|&bin| part(bin, cells)));
            }
        }
        Ok(Some(Tables { count: tables, parts }))
    }

    /// Bins along the height and along the width of a region's level.
    pub(crate) fn level_bounds(&self, region: usize, level: usize) -> (&[Bin], &[Bin]) {
        let (down, along) = self.set.grids.span(region, level);
        (&self.bounds[down], &self.bounds[along])
    }

    /// Their parts, where there are tables.
    pub(crate) fn level_parts<'a>(&self, tables: &'a Tables, region: usize, level: usize) -> [&'a [[u32; 2]]; 2] {
        let (down, along) = self.set.grids.span(region, level);
        [&tables.parts[down], &tables.parts[along]]
    }

    /// For each region and level the bins along the height, then along the width.
    pub fn bounds(&self) -> &[Bin] {
        &self.bounds
    }

    /// Length of an output for maps of `channels` channels: a row for each region.
    pub fn output_len(&self, channels: usize) -> usize {
        self.set.output_len(channels)
    }

    /// Height and width of the maps.
    pub fn size(&self) -> (usize, usize) {
        self.set.size()
    }

    pub(crate) fn set(&self) -> &RegionSet {
        &self.set
    }

    pub(crate) fn rule(&self) -> RegionRule {
        self.rule
    }

    pub(crate) fn pyramid(&self) -> &Pyramid {
        &self.set.pyramid
    }

    pub(crate) fn grids(&self) -> &[(usize, usize)] {
        self.set.grids.all()
    }

    /// Positions of the levels in the list, each after the one it may be computed from.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(crate) fn source(&self, region: usize, level: usize) -> RegionSource {
        self.sources[region * self.set.grids.all().len() + level]
    }

    pub(crate) fn tables(&self) -> Option<&Tables> {
        self.tables.as_ref()
    }

    /// Number of words of working memory that a thread needs to pool.
    pub(crate) fn forward_scratch(&self) -> usize {
        Parts::count(|parts| {
            RegionScratch::take(self, parts);
        })
    }

    /// Number of words of working memory that a thread needs for a gradient.
    pub(crate) fn backward_scratch(&self) -> usize {
        Parts::count(|parts| {
            gradient_scratch(self.pyramid(), (self.backward_block(), self.set.cells()), false, parts);
        })
    }

    /// Planes whose gradients are worked on together. The gradients of a region's channels lie side by side, and those of
    /// the next region far away.
    pub(crate) fn backward_block(&self) -> usize {
        (REGION_BACKWARD_BLOCK / self.set.cells()).clamp(1, REGION_CHANNELS)
    }
}

/// What a thread works in while it pools regions.
pub(crate) struct RegionScratch<'a> {
    /// The bins of one region, for a whole block of channels.
    pub pooled: Maxima<'a>,
    /// Tables of maxima along the rows.
    pub tables: Span<'a, f32>,
}

impl<'a> RegionScratch<'a> {
    /// Takes all parts.
    pub fn take(plan: &RegionPlan, parts: &mut Parts<'a>) -> Self {
        let (height, width) = plan.size();
        let bins = plan.pyramid().bins;
        let tables = plan.tables().map_or(0, |tables| tables.count);
        let pooled = [if tables > 0 { REGION_CHANNELS } else { 0 }, bins];
        RegionScratch {
            pooled: Maxima { values: parts.take(&pooled), indices: parts.take(&pooled).cast() },
            tables: parts.take(&[REGION_CHANNELS, tables, height, width]),
        }
    }
}

/// For each level the coarsest of those that it divides, and that are finer.
fn parents(levels: &[(usize, usize)], order: &[usize]) -> Result<Vec<Option<usize>>, PoolError> {
    let mut parents = reserve(levels.len())?;
    for &(rows, columns) in levels {
        let divided = |&other: &usize| {
            let (r, c) = levels[other];
            r * c > rows * columns && r % rows == 0 && c % columns == 0
        };
        parents.push(order.iter().rev().copied().find(divided));
    }
    Ok(parents)
}

/// The largest `k` such that `2^k` cells are in the bin.
fn log2(bin: Bin) -> usize {
    bin.len().max(1).ilog2() as usize
}

/// Tables along an axis that bins of these lengths are looked up in.
fn tables_for(bins: &[Bin]) -> usize {
    bins.iter().map(|&bin| log2(bin) + 1).max().unwrap_or(1)
}

/// Where a bin's first and last row begin; those of one without rows are any.
fn rows_of(bin: &Bin, width: usize) -> [u32; 2] {
    if bin.is_empty() { [0, 0] } else { [bin.start, bin.end - 1].map(|row| row * width as u32) }
}

/// Where a bin is looked up along a row: in the table of its length, at its first cell and `2^k` cells before its end. One
/// without cells is looked up anywhere, and what is found there not used.
fn part(bin: Bin, table: usize) -> [u32; 2] {
    if bin.is_empty() {
        return [0, 0];
    }
    let k = log2(bin);
    [bin.start, bin.end - (1 << k)].map(|cell| (k * table) as u32 + cell)
}
