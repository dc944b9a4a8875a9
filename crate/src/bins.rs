//! Which cells a bin reads, along one axis. A pooling rule is a function from a size and a number of bins to these
//! bounds, and nothing else in the crate knows a rule.

use crate::PoolError;

/// The half-open range of rows or columns that one bin reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
pub struct Bin {
    /// The first row or column.
    pub start: u32,
    /// One past the last row or column.
    pub end: u32,
}

impl Bin {
    /// Number of rows or columns in the bin.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the bin reads nothing. Adaptive bins never are empty.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The rows or columns, as positions.
    pub fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Adaptive bin `i` of `n` over `size` cells: `[floor(i * size / n), ceil((i + 1) * size / n))`.
///
/// The rule of PyTorch's `adaptive_max_pool2d` and of the paper's appendix. The bins cover every cell, none is empty,
/// and where `n` does not divide `size` neighbours share one cell. Works in integers: the same formula in floating
/// point goes wrong (`size = 90`, `n = 10`, `i = 7`).
pub fn adaptive(size: usize, n: usize, i: usize) -> Bin {
    let (size, n, i) = (size as u64, n as u64, i as u64);
    Bin { start: (i * size / n) as u32, end: ((i + 1) * size).div_ceil(n) as u32 }
}

/// All `n` adaptive bins over `size` cells, in order.
pub fn adaptive_axis(size: usize, n: usize) -> Result<Vec<Bin>, PoolError> {
    let mut bins = Vec::new();
    bins.try_reserve_exact(n).map_err(|_| PoolError::OutOfMemory)?;
    bins.extend((0..n).map(|i| adaptive(size, n, i)));
    Ok(bins)
}

/// The bins that hold `position`. Starts and ends never decrease along an axis, so they stand side by side.
pub(crate) fn covering(bins: &[Bin], position: usize) -> core::ops::Range<usize> {
    let position = position as u32;
    bins.partition_point(|bin| bin.end <= position)..bins.partition_point(|bin| bin.start <= position)
}

/// How many bins of `fine` make up each bin of `coarse`, if every coarse bin is exactly the union of as many
/// neighbouring fine ones: then a maximum over the fine bins' maxima is the maximum over the cells.
pub(crate) fn nesting(fine: &[Bin], coarse: &[Bin]) -> Option<usize> {
    let each = fine.len() / coarse.len();
    let whole = each * coarse.len() == fine.len();
    let nested = |(group, bin): (&[Bin], &Bin)| {
        group[0].start == bin.start
            && group[each - 1].end == bin.end
            && group.windows(2).all(|pair| pair[1].start <= pair[0].end)
    };
    (whole && fine.chunks_exact(each).zip(coarse).all(nested)).then_some(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(size: usize, n: usize) -> Vec<(u32, u32)> {
        adaptive_axis(size, n).unwrap().iter().map(|bin| (bin.start, bin.end)).collect()
    }

    #[test]
    fn bins_that_do_not_divide_share_a_cell() {
        assert_eq!(bounds(13, 4), [(0, 4), (3, 7), (6, 10), (9, 13)]);
    }

    #[test]
    fn more_bins_than_cells_repeat_cells() {
        assert_eq!(bounds(3, 7), [(0, 1), (0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 3)]);
    }

    #[test]
    fn sizes_beyond_32_bit_products_stay_exact() {
        assert_eq!(adaptive(1 << 30, 1 << 10, 1023), Bin { start: 1023 << 20, end: 1 << 30 });
    }

    #[test]
    fn covering_bins_are_those_that_hold_the_cell() {
        for (size, n) in [(13, 4), (3, 7), (7, 7), (1, 5), (50, 6)] {
            let bins = adaptive_axis(size, n).unwrap();
            for position in 0..size {
                let holds: Vec<_> = (0..n).filter(|&i| bins[i].range().contains(&position)).collect();
                assert_eq!(covering(&bins, position).collect::<Vec<_>>(), holds, "{size} -> {n} at {position}");
            }
        }
    }

    #[test]
    fn a_level_nests_in_its_multiples_only() {
        for size in 1..40 {
            for coarse in 1..9 {
                for fine in coarse..9 {
                    let each = nesting(&adaptive_axis(size, fine).unwrap(), &adaptive_axis(size, coarse).unwrap());
                    if fine % coarse == 0 {
                        assert_eq!(each, Some(fine / coarse), "{size}: {fine} -> {coarse}");
                    } else {
                        assert_eq!(each, None, "{size}: {fine} -> {coarse}");
                    }
                }
            }
        }
    }
}
