//! Bins wide enough that a kernel reads each on its own, without reducing the rows of the map first.

use crate::error::PoolError;
use crate::geometry::bins::Bin;
use crate::memory::reserve::reserve;
use crate::tuning::{SMALL_PLANE, STREAMED_PLANE};

/// Runs of columns that are read side by side.
pub(crate) const RUNS: usize = 4;

/// Whole vectors of each run where two runs share one.
pub(crate) const WHOLE: usize = 3;

/// Cells of a vector.
const LANES: usize = 4;

/// Neighbouring bins as runs of columns of about one length: a bin each, or halves of two, or quarters of one. Runs may
/// overlap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WideBins {
    /// The bins that they make up, by number in the row.
    pub bins: (usize, usize),
    /// The first column of each.
    pub starts: [usize; RUNS],
    /// Vectors of each before its last, which ends with the run.
    pub vectors: usize,
    /// The first column of each one's last vector.
    pub lasts: [usize; RUNS],
    /// Where each pair of runs has a vector that begins in the one and ends in the other, and without which both are [`WHOLE`]
    /// vectors: how many of its cells are the first run's. Zero elsewhere.
    pub shared: usize,
}

impl WideBins {
    /// A group of [`RUNS`] bins of a row, unless they are too narrow, or of too different widths.
    #[inline(never)]
    pub fn of_group(columns: &[Bin], group: usize) -> Option<WideBins> {
        let (first, end) = (RUNS * group, columns.len().min(RUNS * (group + 1)));
        let bins = &columns[first..end];
        if bins.iter().any(|bin| bin.len() < LANES) {
            return None;
        }
        let pieces = [4, 2, 1, 1][bins.len() - 1];
        let runs = core::array::from_fn::<_, RUNS, _>(|run| {
            let bin = bins[(run / pieces).min(bins.len() - 1)];
            let (len, piece, from) = (bin.len(), run % pieces, bin.start as usize);
            let part = |pieces: usize| pieces as u64 * len as u64;
            let start = (part(piece) / pieces as u64) as usize;
            let start = start.min(len - LANES);
            let end = (part(piece + 1).div_ceil(pieces as u64) as usize).max(start + LANES);
            from + start..from + end
        });
        let lens = runs.clone().map(|run| run.len());
        let (shortest, longest) = lens.iter().fold((usize::MAX, 0), |(s, l), &len| (s.min(len), l.max(len)));
        let vectors = (longest - 1) / LANES;
        (vectors <= shortest / LANES).then(|| WideBins {
            bins: (first, end),
            starts: runs.clone().map(|run| run.start),
            vectors,
            lasts: runs.map(|run| run.end - LANES),
            shared: shared(bins),
        })
    }

    /// The groups of a row of bins, or `None` where strips of the map are read faster. Runs take whole vectors of each bin, which is
    /// more than strips of the map do; but they read it once, and in order.
    pub fn of_row(columns: &[Bin], cells: usize) -> Result<Option<Vec<WideBins>>, PoolError> {
        let width = columns.iter().map(|bin| bin.end as usize).max().unwrap_or(0);
        let groups = columns.len().div_ceil(RUNS);
        // More than one for two vectors read the map more than twice.
        if cells < STREAMED_PLANE || groups > width.div_ceil(2 * LANES) {
            return Ok(None);
        }
        let mut all = reserve(groups)?;
        let mut read = 0_u64;
        for group in 0..groups {
            let Some(wide) = WideBins::of_group(columns, group) else { return Ok(None) };
            read += (RUNS * LANES * (wide.vectors + 1)) as u64;
            all.push(wide);
        }
        let width = width as u64;
        let pays = if cells > SMALL_PLANE { read <= 2 * width } else { 4 * read <= 5 * width };
        // Each run has more to it than its cells, so those of two vectors are not worth it.
        let any_wide = all.iter().any(|wide| wide.vectors > 1);
        Ok((pays && any_wide).then_some(all))
    }
}

/// How many cells of the vector between two bins are the first one's, where two pairs of bins have such a vector, and fewer
/// vectors with it than without.
fn shared(bins: &[Bin]) -> usize {
    let rest = bins[0].len().wrapping_sub(WHOLE * LANES);
    let alike = bins.len() == RUNS && bins.iter().all(|bin| bin.len() == bins[0].len());
    let pays = alike && (1..=2).contains(&rest);
    if pays && bins[0].end == bins[1].start && bins[2].end == bins[3].start { rest } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::bins::Rule;

    #[test]
    fn wide_bins_read_their_cells_and_nothing_else() {
        for &rule in Rule::ALL {
            for (width, n) in (1..200).flat_map(|width| (1..12).map(move |n| (width, n))) {
                if rule.count(width, n) != n {
                    continue;
                }
                let columns = rule.axis(width, n).unwrap();
                for wide in WideBins::of_row(&columns, usize::MAX).unwrap().into_iter().flatten() {
                    let bins = &columns[wide.bins.0..wide.bins.1];
                    let of_bins: Vec<_> = bins.iter().flat_map(|bin| bin.range()).collect();
                    let mut read = Vec::new();
                    for (start, last) in wide.starts.into_iter().zip(wide.lasts) {
                        let vectors = (0..wide.vectors).map(|k| start + LANES * k).chain([last]);
                        read.extend(vectors.flat_map(|at| at..at + LANES));
                    }
                    assert!(read.iter().all(|cell| of_bins.contains(cell)), "{rule:?} {width} {n}");
                    assert!(of_bins.iter().all(|cell| read.contains(cell)), "{rule:?} {width} {n}");
                }
            }
        }
    }

    #[test]
    fn bins_share_a_vector_where_that_saves_one() {
        let shared = |size: usize| shared(&Rule::Adaptive.axis(size, 4).unwrap());
        assert_eq!([52, 56, 60, 64, 58].map(shared), [1, 2, 0, 0, 0]);
    }

    #[test]
    fn wide_bins_are_read_in_runs() {
        let groups = |size: usize, n| WideBins::of_row(&Rule::Adaptive.axis(size, n).unwrap(), size * size).unwrap();
        assert_eq!(groups(56, 4).map(|groups| (groups.len(), groups[0].vectors)), Some((1, 3)));
        assert_eq!(groups(224, 6).map(|groups| groups.len()), Some(2));
        assert!(groups(28, 4).is_none());
        // Two vectors each, and three.
        assert!(groups(64, 8).is_none());
        assert!(groups(80, 8).is_some());
        assert!(groups(112, 28).is_none());
        assert!(groups(224, 100).is_none());
    }
}
