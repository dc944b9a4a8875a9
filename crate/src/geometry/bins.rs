//! Which cells a bin reads, along one axis. A pooling rule is a function from a size and a number of bins to these
//! bounds, and nothing else in the crate knows a rule.

use crate::error::PoolError;
use crate::memory::reserve::reserve;

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

    /// The bin in pieces of at most `most` rows or columns, in order.
    #[inline(always)]
    pub(crate) fn pieces(self, most: u32) -> impl Iterator<Item = Bin> {
        let mut start = self.start;
        core::iter::from_fn(move || {
            (start < self.end).then(|| {
                let piece = Bin { start, end: self.end.min(start.saturating_add(most)) };
                start = piece.end;
                piece
            })
        })
    }

    /// The rows or columns, as positions.
    pub fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The rules of the field: which cells bin `i` of `n` reads over `size` cells.
///
/// With `q` and `r` the quotient and remainder of `size / n`, and `k = ceil(size / n)`:
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// `[floor(i * size / n), ceil((i + 1) * size / n))`: PyTorch's `adaptive_max_pool2d`, and the paper's appendix.
    ///
    /// The bins cover every cell, none is empty, and where `n` does not divide `size` neighbours share one cell. It works
    /// for every size.
    Adaptive,
    /// `[i * q, i * q + k)`: the sliding windows of the paper, of size `k` and stride `q`.
    ///
    /// Gives `n` bins if `q >= 1` and `r <= q`, and then leaves out the last `r - 1` cells.
    Sliding,
    /// `[i * k - p, i * k - p + k)`, clipped to the map, with `p = floor((k * n - size + 1) / 2)`: Caffe's SPP layer and
    /// the PyTorch ports of it.
    ///
    /// Gives `n` bins if `p < k`; Caffe aborts where it is not.
    Padded,
}

impl Rule {
    /// All rules, for tests that try each of them.
    pub const ALL: &'static [Rule] = &[Rule::Adaptive, Rule::Sliding, Rule::Padded];

    /// How many bins come out where `n` are asked for; 0 where the rule has no answer.
    pub fn count(self, size: usize, n: usize) -> usize {
        if n == 0 {
            return 0;
        }
        let (q, k) = (size / n, size.div_ceil(n));
        match self {
            Rule::Adaptive => n,
            Rule::Sliding => (size - k).checked_div(q).map_or(0, |steps| steps + 1),
            Rule::Padded if padding(size, n) < k as u64 => n,
            Rule::Padded => 0,
        }
    }

    /// The cells that bin `i` of `n` reads, where [`Rule::count`] gives `n`. Both sizes must fit 32 bits.
    ///
    /// Works in integers: the same formulas in floating point go wrong (adaptive, `size = 90`, `n = 10`, `i = 7`).
    pub fn bin(self, size: usize, n: usize, i: usize) -> Bin {
        let (start, end) = match self {
            Rule::Adaptive => {
                let at = |i: usize| i as u64 * size as u64;
                (at(i) / n as u64, at(i + 1).div_ceil(n as u64))
            }
            Rule::Sliding => {
                let start = (i * (size / n)) as u64;
                (start, start + size.div_ceil(n) as u64)
            }
            Rule::Padded => {
                let (k, padding) = (size.div_ceil(n) as u64, padding(size, n));
                let start = i as u64 * k;
                (start.saturating_sub(padding), (start + k - padding).min(size as u64))
            }
        };
        Bin { start: start as u32, end: end as u32 }
    }

    /// How many cells an average over bin `i` of `n` divides by. Padding counts, as it does in Caffe.
    pub fn divisor(self, size: usize, n: usize, i: usize) -> usize {
        let bin = self.bin(size, n, i).len();
        match self {
            Rule::Adaptive | Rule::Sliding => bin,
            Rule::Padded => {
                let k = size.div_ceil(n) as u64;
                k.min(size as u64 + 2 * padding(size, n) - i as u64 * k) as usize
            }
        }
    }

    /// Whether [`Rule::divisor`] may differ from the number of cells in a bin.
    pub(crate) fn counts_padding(self) -> bool {
        matches!(self, Rule::Padded)
    }

    /// All `n` bins over `size` cells, in order.
    ///
    /// # Errors
    /// [`PoolError::WrongCount`] where the rule gives another number of bins, [`PoolError::TooLarge`] where either is beyond 32
    /// bits, or [`PoolError::OutOfMemory`].
    pub fn axis(self, size: usize, n: usize) -> Result<Vec<Bin>, PoolError> {
        if u32::try_from(size).is_err() || u32::try_from(n).is_err() {
            return Err(PoolError::TooLarge);
        }
        let count = self.count(size, n);
        if count != n {
            return Err(PoolError::WrongCount { size, asked: n, count });
        }
        let mut bins = reserve(n)?;
        bins.extend((0..n).map(|i| self.bin(size, n, i)));
        Ok(bins)
    }
}

/// What Caffe adds at either end so that `n` windows of `ceil(size / n)` cells fit.
fn padding(size: usize, n: usize) -> u64 {
    (size.div_ceil(n) as u64 * n as u64 - size as u64).div_ceil(2)
}

/// The bins that hold `position`. Starts and ends never decrease along an axis, so they stand side by side.
///
/// Not inlined: its two searches would stand in the WASM once for each use.
#[inline(never)]
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

    fn bounds(rule: Rule, size: usize, n: usize) -> Vec<(u32, u32)> {
        rule.axis(size, n).unwrap().iter().map(|bin| (bin.start, bin.end)).collect()
    }

    #[test]
    fn bins_that_do_not_divide_share_a_cell() {
        assert_eq!(bounds(Rule::Adaptive, 13, 4), [(0, 4), (3, 7), (6, 10), (9, 13)]);
    }

    #[test]
    fn more_bins_than_cells_repeat_cells() {
        assert_eq!(bounds(Rule::Adaptive, 3, 7), [(0, 1), (0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 3)]);
    }

    #[test]
    fn sizes_beyond_32_bit_products_stay_exact() {
        assert_eq!(Rule::Adaptive.bin(1 << 30, 1 << 10, 1023), Bin { start: 1023 << 20, end: 1 << 30 });
    }

    #[test]
    fn sliding_windows_are_the_papers() {
        assert_eq!(bounds(Rule::Sliding, 13, 4), [(0, 4), (3, 7), (6, 10), (9, 13)]);
        assert_eq!(bounds(Rule::Sliding, 10, 4), [(0, 3), (2, 5), (4, 7), (6, 9)]);
        assert_eq!(Rule::Sliding.count(7, 4), 6);
        assert_eq!(Rule::Sliding.count(10, 6), 9);
        assert_eq!(Rule::Sliding.axis(3, 4), Err(PoolError::WrongCount { size: 3, asked: 4, count: 0 }));
        for n in 3..40 {
            let largest = (1..3000).rev().find(|&size| Rule::Sliding.count(size, n) != n);
            assert_eq!(largest, Some(n * n - n - 1));
        }
    }

    #[test]
    fn padded_windows_are_caffes() {
        assert_eq!(bounds(Rule::Padded, 13, 4), [(0, 2), (2, 6), (6, 10), (10, 13)]);
        assert_eq!(bounds(Rule::Padded, 7, 4), [(0, 1), (1, 3), (3, 5), (5, 7)]);
        let aborts = |n| (1..600).filter(|&size| Rule::Padded.count(size, n) != n).collect::<Vec<_>>();
        assert_eq!(aborts(2), [1]);
        assert_eq!(aborts(4), [1, 2, 3, 5]);
        assert_eq!(aborts(8), [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 17, 18, 19, 25]);
        assert_eq!((aborts(16).last(), aborts(32).last()), (Some(&113), Some(&481)));
    }

    #[test]
    fn bins_are_neither_empty_nor_out_of_order() {
        for &rule in Rule::ALL {
            for (size, n) in (1..60).flat_map(|size| (1..20).map(move |n| (size, n))) {
                let Ok(bins) = rule.axis(size, n) else { continue };
                assert!(bins.iter().all(|bin| !bin.is_empty() && bin.end as usize <= size), "{rule:?} {size} {n}");
                assert!(bins.windows(2).all(|pair| pair[0].start <= pair[1].start && pair[0].end <= pair[1].end));
            }
        }
    }

    #[test]
    fn covering_bins_are_those_that_hold_the_cell() {
        for (size, n) in [(13, 4), (3, 7), (7, 7), (1, 5), (50, 6)] {
            let bins = Rule::Adaptive.axis(size, n).unwrap();
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
                    let each =
                        nesting(&Rule::Adaptive.axis(size, fine).unwrap(), &Rule::Adaptive.axis(size, coarse).unwrap());
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
