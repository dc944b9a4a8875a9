//! The levels of a pyramid, and where their bins stand in the output, whatever they are computed from.

use crate::error::PoolError;
use crate::geometry::shape::{Arrangement, LevelRange, OutputOrder, PlaneStrides};
use crate::memory::reserve::reserve;

/// The levels, in the order in which their bins stand in a row of the output, or in each of its channels.
#[derive(Clone, Debug)]
pub(crate) struct Pyramid {
    pub arrangement: Arrangement,
    pub levels: Vec<LevelRange>,
    /// Bins of all levels together.
    pub bins: usize,
}

impl Pyramid {
    /// Checks `levels`, rows and columns of bins, and counts their bins.
    pub fn new(levels: &[(usize, usize)], arrangement: Arrangement) -> Result<Self, PoolError> {
        if levels.is_empty() {
            return Err(PoolError::NoLevels);
        }
        let mut ranges: Vec<LevelRange> = reserve(levels.len())?;
        let mut bins = 0_usize;
        for (level, &(rows, columns)) in levels.iter().enumerate() {
            if rows == 0 || columns == 0 {
                return Err(PoolError::EmptyLevel { level, rows, columns });
            }
            let range = LevelRange { first: bins, bins: rows.checked_mul(columns).ok_or(PoolError::TooLarge)? };
            bins = bins.checked_add(range.bins).ok_or(PoolError::TooLarge)?;
            // Indices are counted in 31 bits, and so are bins.
            i32::try_from(bins).map_err(|_| PoolError::TooLarge)?;
            ranges.push(range);
        }
        Ok(Pyramid { arrangement, levels: ranges, bins })
    }

    /// Positions of the levels, finer ones first, and among equals in the order of the list: each level after the ones
    /// that it may be computed from.
    pub fn finer_first(&self) -> Result<Vec<usize>, PoolError> {
        let mut order: Vec<usize> = reserve(self.levels.len())?;
        // A pyramid has few levels, and a sort from the library would be a sixth of the WASM.
        for (i, range) in self.levels.iter().enumerate() {
            let at = order.partition_point(|&j| self.levels[j].bins >= range.bins);
            order.insert(at, i);
        }
        Ok(order)
    }

    /// Bins of the level that has most.
    pub fn most_bins(&self) -> usize {
        self.levels.iter().map(|range| range.bins).max().unwrap_or(0)
    }

    /// Length of an output of `rows` rows.
    pub fn output_len(&self, rows: usize, channels: usize) -> usize {
        rows * channels * self.bins
    }

    /// Where the bins of a level stand in row `row` of the output.
    #[inline(always)]
    pub fn bins_at(&self, channels: usize, range: LevelRange, row: usize) -> PlaneStrides {
        self.arrangement.bins(channels, self.bins, range, row)
    }

    /// Bins of a plane that lie one after the other: those of a level or, in the order of channels, those of all levels.
    pub fn stretches(&self) -> impl Iterator<Item = LevelRange> {
        let together = self.arrangement.order == OutputOrder::Channels;
        let count = if together { 1 } else { self.levels.len() };
        (0..count)
            .map(move |level| if together { LevelRange { first: 0, bins: self.bins } } else { self.levels[level] })
    }
}
