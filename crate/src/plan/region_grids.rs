//! Where the bins of each region stand in a list of those of all regions, axis by axis.

use core::ops::Range;

use crate::error::PoolError;
use crate::memory::reserve::reserve;

/// Rows and columns of bins of every level. A list has for each region, and for each of its levels, the bins along the height and then
/// those along the width.
#[derive(Clone, Debug)]
pub(crate) struct RegionGrids {
    grids: Vec<(usize, usize)>,
    /// Where each level begins among the bins of a region.
    firsts: Vec<usize>,
    /// Number of bins of one region.
    stride: usize,
}

impl RegionGrids {
    pub fn new(levels: &[(usize, usize)]) -> Result<Self, PoolError> {
        let (mut grids, mut firsts, mut stride) = (reserve(levels.len())?, reserve(levels.len())?, 0_usize);
        grids.extend_from_slice(levels);
        for &(rows, columns) in levels {
            firsts.push(stride);
            stride = rows.checked_add(columns).and_then(|both| both.checked_add(stride)).ok_or(PoolError::TooLarge)?;
        }
        Ok(RegionGrids { grids, firsts, stride })
    }

    pub fn all(&self) -> &[(usize, usize)] {
        &self.grids
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The bins of a region's level: those along the height, and those along the width.
    #[inline(always)]
    pub fn span(&self, region: usize, level: usize) -> (Range<usize>, Range<usize>) {
        let (rows, columns) = self.grids[level];
        let first = region * self.stride + self.firsts[level];
        (first..first + rows, first + rows..first + rows + columns)
    }
}
