//! One level of a pyramid over maps of one size.

use super::level_kernel::LevelKernel;
use crate::error::PoolError;
use crate::geometry::bins::{self, Bin, Rule};
use crate::geometry::shape::LevelRange;
use crate::memory::reserve::reserve;
use crate::tuning::MOST_LISTED;

/// One grid of bins.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub rows: Vec<Bin>,
    pub columns: Vec<Bin>,
    /// Rows and columns that an average over each bin divides by, where these are not the bin's own.
    divisors: Option<(Vec<u32>, Vec<u32>)>,
    pub range: LevelRange,
    pub source: Source,
    /// Which NCHW kernel makes it.
    pub kernel: LevelKernel,
}

impl Level {
    /// A level of `rows x columns` bins that reads the map.
    pub fn new(
        (height, width): (usize, usize),
        (rows, columns): (usize, usize),
        rule: Rule,
        range: LevelRange,
    ) -> Result<Self, PoolError> {
        Ok(Level {
            rows: rule.axis(height, rows)?,
            columns: rule.axis(width, columns)?,
            divisors: if rule.counts_padding() {
                Some((divisors(rule, height, rows)?, divisors(rule, width, columns)?))
            } else {
                None
            },
            range,
            source: Source::Map,
            kernel: LevelKernel::default(),
        })
    }

    pub fn bins(&self) -> usize {
        self.range.bins
    }

    /// What the sum of bin `(i, j)` is divided by to get its average.
    #[inline(always)]
    pub fn divisor(&self, i: usize, j: usize) -> f64 {
        let (rows, columns) = match &self.divisors {
            Some((rows, columns)) => (rows[i], columns[j]),
            None => (self.rows[i].len() as u32, self.columns[j].len() as u32),
        };
        f64::from(rows) * f64::from(columns)
    }

    /// What each cell of bin `(i, j)` gets of its gradient.
    #[inline(always)]
    pub fn scale(&self, i: usize, j: usize) -> f64 {
        1.0 / self.divisor(i, j)
    }
}

/// What a level is computed from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// The feature map.
    Map,
    /// A finer level, of which `rows x columns` bins make up one bin of this level exactly.
    Level { parent: usize, rows: usize, columns: usize },
}

fn divisors(rule: Rule, size: usize, n: usize) -> Result<Vec<u32>, PoolError> {
    let mut divisors = reserve(n)?;
    divisors.extend((0..n).map(|i| rule.divisor(size, n, i) as u32));
    Ok(divisors)
}

/// The smallest level that level `i` nests in, or the map of so many `cells` where there is none. A huge level over a map of fewer cells
/// takes longer to read than the map, and a long list of what to load.
pub(super) fn source(levels: &[Level], i: usize, cells: usize) -> Source {
    let child = &levels[i];
    let before = |j: usize| (levels[j].bins(), i) > (child.bins(), j);
    (0..levels.len())
        .filter(|&j| before(j) && levels[j].bins() <= cells.max(MOST_LISTED))
        .filter_map(|j| {
            let rows = bins::nesting(&levels[j].rows, &child.rows)?;
            let columns = bins::nesting(&levels[j].columns, &child.columns)?;
            Some(Source::Level { parent: j, rows, columns })
        })
        .min_by_key(|source| match source {
            Source::Level { rows, columns, .. } => rows * columns,
            Source::Map => 0,
        })
        .unwrap_or(Source::Map)
}

/// The level that reads the map for level `i`.
pub(super) fn root(levels: &[Level], mut i: usize) -> usize {
    while let Source::Level { parent, .. } = levels[i].source {
        i = parent;
    }
    i
}
