//! Regions of a feature map, planned for one call: which cells every bin of every region reads, and how they are found.

use crate::element::ElementType;
use crate::error::PoolError;
use crate::geometry::bins::{Bin, nesting};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::region_rule::RegionRule;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::Units;
use crate::kernels::regions::{REGION_BACKWARD_BLOCK, REGION_CHANNELS, Workspace};
use crate::memory::reserve::reserve;
use crate::memory::scratch::{Parts, product};
use crate::plan::gradient_scratch;

/// Numbers of a region: item, left, top, right, bottom.
const REGION_LEN: usize = 5;

/// Tables larger than this would be read from memory, and are not made.
const MOST_TABLE_WORDS: usize = 8 << 20;

/// Bins that are pooled for a block of channels before they are written: of more, each is written at once.
const MOST_POOLED: usize = 1 << 18;

/// Words that the channels that are converted together may take.
const MOST_CONVERTED: usize = 1 << 24;

/// So many cells enter the tables in the time in which one is looked at.
const TABLED_CELLS: usize = 64;

/// A pyramid planned for regions of feature maps of one height, width and batch size.
#[derive(Clone, Debug)]
pub struct RegionPlan {
    height: usize,
    width: usize,
    rule: RegionRule,
    pyramid: Pyramid,
    grids: Vec<(usize, usize)>,
    /// Where the bounds of each level begin among those of a region.
    firsts: Vec<usize>,
    /// Positions in `grids`, finer levels first.
    order: Vec<usize>,
    /// The next finer level that each level divides: for most regions it follows from that one.
    parents: Vec<Option<usize>>,
    /// For each region and level the bins along the height, then along the width.
    bounds: Vec<Bin>,
    /// Number of bounds of one region.
    stride: usize,
    /// How each level of each region comes about.
    sources: Vec<RegionSource>,
    /// Regions of each item: those numbered `rows[starts[item]..starts[item + 1]]`.
    rows: Vec<u32>,
    starts: Vec<usize>,
    tables: Option<Tables>,
}

/// What a level of a region is computed from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RegionSource {
    /// The map, in whose tables every bin is looked up.
    Map,
    /// The same, where some bins lie outside the map.
    MapWithHoles,
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
    /// Plans a pyramid of `levels` (rows and columns of bins, in the order of the output) over `regions` of `batch` maps of
    /// `height x width` cells. A region is five numbers: item, left, top, right and bottom, in pixels of the image.
    ///
    /// # Errors
    /// [`PoolError::NoLevels`], [`PoolError::EmptyLevel`], [`PoolError::EmptyMap`], [`PoolError::InvalidRegion`] where an
    /// item is not one of the batch or a coordinate is not finite, [`PoolError::WrongLength`], [`PoolError::TooLarge`] or
    /// [`PoolError::OutOfMemory`].
    pub fn new(
        (batch, height, width): (usize, usize, usize),
        levels: &[(usize, usize)],
        rule: RegionRule,
        layout: Layout,
        regions: &[f32],
    ) -> Result<Self, PoolError> {
        if height == 0 || width == 0 {
            return Err(PoolError::EmptyMap { height, width });
        }
        let cells = height.checked_mul(width).filter(|&cells| i32::try_from(cells).is_ok());
        cells.ok_or(PoolError::TooLarge)?;
        let pyramid = Pyramid::new(levels, layout)?;
        let count = regions.len() / REGION_LEN;
        if count * REGION_LEN != regions.len() {
            return Err(PoolError::WrongLength { buffer: "regions", found: regions.len(), needed: count * REGION_LEN });
        }
        let (mut firsts, mut stride) = (reserve(levels.len())?, 0_usize);
        for &(rows, columns) in levels {
            firsts.push(stride);
            stride = rows.checked_add(columns).and_then(|both| both.checked_add(stride)).ok_or(PoolError::TooLarge)?;
        }
        let order = pyramid.finer_first()?;
        let mut plan = RegionPlan {
            height,
            width,
            rule,
            pyramid,
            grids: reserve(levels.len())?,
            firsts,
            parents: parents(levels, &order)?,
            order,
            bounds: reserve(count.checked_mul(stride).ok_or(PoolError::TooLarge)?)?,
            stride,
            sources: reserve(count.checked_mul(levels.len()).ok_or(PoolError::TooLarge)?)?,
            rows: reserve(count)?,
            starts: reserve(batch.checked_add(1).ok_or(PoolError::TooLarge)?)?,
            tables: None,
        };
        plan.grids.extend_from_slice(levels);
        plan.sort_rows(batch, regions)?;
        for region in regions.chunks_exact(REGION_LEN) {
            plan.add_bounds(region);
        }
        for region in 0..count {
            plan.add_sources(region);
        }
        plan.tables = plan.plan_tables()?;
        Ok(plan)
    }

    /// Finds the regions of each item, in their order.
    fn sort_rows(&mut self, batch: usize, regions: &[f32]) -> Result<(), PoolError> {
        self.starts.resize(batch + 1, 0);
        for (position, region) in regions.chunks_exact(REGION_LEN).enumerate() {
            let item = region[0];
            let known = item >= 0.0 && item < batch as f32 && item.fract() == 0.0;
            if !known || !region.iter().all(|number| number.is_finite()) {
                return Err(PoolError::InvalidRegion { position });
            }
            self.starts[item as usize + 1] += 1;
        }
        for item in 0..batch {
            self.starts[item + 1] += self.starts[item];
        }
        self.rows.resize(regions.len() / REGION_LEN, 0);
        let mut next: Vec<usize> = reserve(batch)?;
        next.extend_from_slice(&self.starts[..batch]);
        for (row, region) in regions.chunks_exact(REGION_LEN).enumerate() {
            let at = &mut next[region[0] as usize];
            self.rows[*at] = row as u32;
            *at += 1;
        }
        Ok(())
    }

    fn add_bounds(&mut self, region: &[f32]) {
        let bounds = &mut self.bounds;
        for &(rows, columns) in &self.grids {
            self.rule.bins((region[2], region[4]), self.height, rows, |bin| bounds.push(bin));
            self.rule.bins((region[1], region[3]), self.width, columns, |bin| bounds.push(bin));
        }
    }

    /// A level whose bins are unions of those of its parent follows from it. Most do for every region, but `f32` bins need
    /// not.
    fn add_sources(&mut self, region: usize) {
        for level in 0..self.grids.len() {
            let (here, there) = self.level_bounds(region, level);
            if [here, there].iter().any(|bins| bins.iter().any(|bin| bin.is_empty())) {
                self.sources.push(RegionSource::MapWithHoles);
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
        let cells = self.height * self.width;
        let (mut tables, mut looked_at) = (1, 0_usize);
        for region in 0..self.rows.len() {
            for level in 0..self.grids.len() {
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
        if looked_at <= cells / TABLED_CELLS || !fit(1) || self.pyramid.bins > MOST_POOLED {
            return Ok(None);
        }
        if !fit(tables) {
            return Ok(Some(Tables { count: 1, parts: Vec::new() }));
        }
        let mut parts = reserve(self.bounds.len())?;
        for region in 0..self.rows.len() {
            for level in 0..self.grids.len() {
                let (rows, columns) = self.level_bounds(region, level);
                parts.extend(rows.iter().map(|bin| rows_of(bin, self.width)));
                parts.extend(columns.iter().map(|&bin| part(bin, cells)));
            }
        }
        Ok(Some(Tables { count: tables, parts }))
    }

    /// Bins along the height and along the width of a region's level.
    pub(crate) fn level_bounds(&self, region: usize, level: usize) -> (&[Bin], &[Bin]) {
        let (first, rows, columns) = self.span(region, level);
        self.bounds[first..first + rows + columns].split_at(rows)
    }

    /// Their parts, where there are tables.
    pub(crate) fn level_parts<'a>(&self, tables: &'a Tables, region: usize, level: usize) -> [&'a [[u32; 2]]; 2] {
        let (first, rows, columns) = self.span(region, level);
        let (down, across) = tables.parts[first..first + rows + columns].split_at(rows);
        [down, across]
    }

    fn span(&self, region: usize, level: usize) -> (usize, usize, usize) {
        let (rows, columns) = self.grids[level];
        (region * self.stride + self.firsts[level], rows, columns)
    }

    /// For each region and level the bins along the height, then along the width.
    pub fn bounds(&self) -> &[Bin] {
        &self.bounds
    }

    /// Length of an output for maps of `channels` channels: a row for each region.
    pub fn output_len(&self, channels: usize) -> usize {
        self.pyramid.output_len(self.rows.len(), channels)
    }

    /// Height and width of the maps.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    pub(crate) fn rule(&self) -> RegionRule {
        self.rule
    }

    pub(crate) fn pyramid(&self) -> &Pyramid {
        &self.pyramid
    }

    pub(crate) fn grids(&self) -> &[(usize, usize)] {
        &self.grids
    }

    /// Positions of the levels in the list, each after the one it may be computed from.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(crate) fn source(&self, region: usize, level: usize) -> RegionSource {
        self.sources[region * self.grids.len() + level]
    }

    pub(crate) fn tables(&self) -> Option<&Tables> {
        self.tables.as_ref()
    }

    /// The regions of an item, which are rows of the output.
    pub(crate) fn rows(&self, item: usize) -> &[u32] {
        &self.rows[self.starts[item]..self.starts[item + 1]]
    }

    pub(crate) fn units(&self, map: &FeatureMap) -> Units {
        Units::new(map, REGION_CHANNELS)
    }

    /// Fails unless `map` has the planned sizes and its elements can be counted.
    pub(crate) fn check_map(&self, map: &FeatureMap) -> Result<(), PoolError> {
        let (planned, found) = (self.size(), (map.height, map.width));
        if planned != found || map.batch + 1 != self.starts.len() {
            return Err(PoolError::WrongMap { planned, found });
        }
        let planes = map.batch.max(self.rows.len()).checked_mul(map.channels).ok_or(PoolError::TooLarge)?;
        let most = (self.height * self.width).max(self.pyramid.bins);
        planes.checked_mul(most).filter(|&n| n <= isize::MAX as usize / 4).ok_or(PoolError::TooLarge)?;
        Ok(())
    }

    /// Number of words of working memory that a thread needs to pool.
    pub(crate) fn forward_scratch(&self, kind: ElementType) -> usize {
        Parts::count(|parts| {
            Workspace::take(self, kind, parts);
        })
    }

    /// Number of words of working memory that a thread needs for a gradient.
    pub(crate) fn backward_scratch(&self) -> usize {
        Parts::count(|parts| {
            gradient_scratch(&self.pyramid, (self.backward_block(), self.height * self.width), parts);
        })
    }

    /// Channels that are pooled together: fewer where the map is too large to be converted for all of them, which is then scanned
    /// channel by channel in any case.
    pub(crate) fn forward_block(&self) -> usize {
        let each = product(&[self.height, self.width]).saturating_add(self.pyramid.bins);
        if self.tables.is_some() { REGION_CHANNELS } else { (MOST_CONVERTED / each).clamp(1, REGION_CHANNELS) }
    }

    /// Planes whose gradients are worked on together. The gradients of a region's channels lie side by side, and those of
    /// the next region far away.
    pub(crate) fn backward_block(&self) -> usize {
        (REGION_BACKWARD_BLOCK / (self.height * self.width)).clamp(1, REGION_CHANNELS)
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
