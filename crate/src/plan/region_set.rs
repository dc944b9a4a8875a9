//! The regions of one call, on maps of one size: what plans of all their rules share.

use core::ops::Range;

use crate::error::PoolError;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{Arrangement, FeatureMap};
use crate::geometry::units::{Units, blocks};
use crate::memory::scratch::product;
use crate::plan::region_grids::RegionGrids;
use crate::plan::region_rows::RegionRows;
use crate::tuning::{MOST_ALIGN_WORDS, REGION_CHANNELS};

/// A pyramid over regions of feature maps of one height, width and batch size.
#[derive(Clone, Debug)]
pub(crate) struct RegionSet {
    height: usize,
    width: usize,
    pub pyramid: Pyramid,
    pub grids: RegionGrids,
    rows: RegionRows,
}

impl RegionSet {
    /// # Errors
    /// As [`RegionPlan::new`](crate::RegionPlan::new).
    pub fn new(
        (batch, height, width): (usize, usize, usize),
        levels: &[(usize, usize)],
        arrangement: Arrangement,
        regions: &[f32],
    ) -> Result<Self, PoolError> {
        check_size(height, width)?;
        Ok(RegionSet {
            height,
            width,
            pyramid: Pyramid::new(levels, arrangement)?,
            grids: RegionGrids::new(levels)?,
            rows: RegionRows::new(batch, regions)?,
        })
    }

    /// Number of all regions.
    pub fn count(&self) -> usize {
        self.rows.count()
    }

    /// The number of something of which every region has so many.
    pub fn count_all(&self, each: usize) -> Result<usize, PoolError> {
        self.count().checked_mul(each).ok_or(PoolError::TooLarge)
    }

    /// Length of an output for maps of `channels` channels: a row for each region.
    pub fn output_len(&self, channels: usize) -> usize {
        self.pyramid.output_len(self.count(), channels)
    }

    /// Height and width of the maps.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Cells of a map.
    pub fn cells(&self) -> usize {
        self.height * self.width
    }

    /// The regions of an item, which are rows of the output.
    pub fn rows(&self, item: usize) -> &[u32] {
        self.rows.of(item)
    }

    /// Units of work: some channels of an item each.
    pub fn units(&self, map: &FeatureMap) -> Units {
        Units::new(map, REGION_CHANNELS)
    }

    /// Calls `run` with the channels of some units, as many at a time as are interleaved together, each with its item.
    pub fn for_each_interleaved(
        &self,
        map: &FeatureMap,
        units: Range<usize>,
        mut run: impl FnMut((usize, Range<usize>)),
    ) {
        let together = self.interleaved();
        for (item, channels) in self.units(map).items(units) {
            for channels in blocks(channels, together) {
                run((item, channels));
            }
        }
    }

    /// Fails unless `map` has the planned sizes and its elements can be counted.
    pub fn check_map(&self, map: &FeatureMap) -> Result<(), PoolError> {
        self.rows.check_map(self.size(), self.pyramid.bins, map)
    }

    /// Channels whose cells and bins are interleaved together: a vector of them where more take too much memory.
    pub fn interleaved(&self) -> usize {
        let words = product(&[REGION_CHANNELS, self.cells().max(self.pyramid.most_bins())]);
        if words > MOST_ALIGN_WORDS { 4 } else { REGION_CHANNELS }
    }
}

/// Fails unless a map of this size has cells, and they can be counted.
fn check_size(height: usize, width: usize) -> Result<(), PoolError> {
    if height == 0 || width == 0 {
        return Err(PoolError::EmptyMap { height, width });
    }
    let cells = height.checked_mul(width).filter(|&cells| i32::try_from(cells).is_ok());
    cells.map(|_| ()).ok_or(PoolError::TooLarge)
}
