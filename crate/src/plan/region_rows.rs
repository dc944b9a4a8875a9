//! The regions of a batch, found by their items: what all rules for regions share.

use crate::error::PoolError;
use crate::geometry::shape::FeatureMap;
use crate::memory::reserve::reserve;

/// Numbers of a region: item, left, top, right, bottom.
pub(crate) const REGION_LEN: usize = 5;

/// The numbers of the regions of each item.
#[derive(Clone, Debug)]
pub(crate) struct RegionRows {
    /// Those of one item are `rows[starts[item]..starts[item + 1]]`.
    rows: Vec<u32>,
    starts: Vec<usize>,
}

impl RegionRows {
    /// Finds the regions of each of `batch` items, in their order.
    ///
    /// # Errors
    /// [`PoolError::WrongLength`], [`PoolError::InvalidRegion`] where an item is not one of the batch or a coordinate is not finite,
    /// [`PoolError::TooLarge`] or [`PoolError::OutOfMemory`].
    pub fn new(batch: usize, regions: &[f32]) -> Result<Self, PoolError> {
        let count = regions.len() / REGION_LEN;
        if count * REGION_LEN != regions.len() {
            return Err(PoolError::WrongLength { buffer: "regions", found: regions.len(), needed: count * REGION_LEN });
        }
        let (mut rows, mut starts): (Vec<u32>, Vec<usize>) =
            (reserve(count)?, reserve(batch.checked_add(1).ok_or(PoolError::TooLarge)?)?);
        starts.resize(batch + 1, 0);
        for (position, region) in regions.chunks_exact(REGION_LEN).enumerate() {
            let item = region[0];
            let known = item >= 0.0 && item < batch as f32 && item.fract() == 0.0;
            if !known || !region.iter().all(|number| number.is_finite()) {
                return Err(PoolError::InvalidRegion { position });
            }
            starts[item as usize + 1] += 1;
        }
        for item in 0..batch {
            starts[item + 1] += starts[item];
        }
        rows.resize(count, 0);
        let mut next: Vec<usize> = reserve(batch)?;
        next.extend_from_slice(&starts[..batch]);
        for (row, region) in regions.chunks_exact(REGION_LEN).enumerate() {
            let at = &mut next[region[0] as usize];
            rows[*at] = row as u32;
            *at += 1;
        }
        Ok(RegionRows { rows, starts })
    }

    /// The regions of an item, which are rows of the output.
    pub fn of(&self, item: usize) -> &[u32] {
        &self.rows[self.starts[item]..self.starts[item + 1]]
    }

    /// Number of all regions.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Fails unless `map` has the planned height and width and as many items, and its elements can be counted.
    pub fn check_map(&self, planned: (usize, usize), bins: usize, map: &FeatureMap) -> Result<(), PoolError> {
        let found = (map.height, map.width);
        if planned != found || map.batch + 1 != self.starts.len() {
            return Err(PoolError::WrongMap { planned, found });
        }
        let planes = map.batch.max(self.count()).checked_mul(map.channels).ok_or(PoolError::TooLarge)?;
        let most = (found.0 * found.1).max(bins);
        planes.checked_mul(most).filter(|&n| n <= isize::MAX as usize / 4).ok_or(PoolError::TooLarge)?;
        Ok(())
    }
}
