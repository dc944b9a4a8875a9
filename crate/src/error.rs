//! What can be wrong with a call.

use thiserror::Error;

/// Why a plan could not be made or a call not be run. Nothing was written when one of these is returned.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PoolError {
    /// The list of levels is empty.
    #[error("a pyramid needs at least one level")]
    NoLevels,
    /// A level has no bins along one of its axes.
    #[error("level {level} has {rows} x {columns} bins, but needs at least one along each axis")]
    EmptyLevel {
        /// Position of the level in the list.
        level: usize,
        /// Bins along the height.
        rows: usize,
        /// Bins along the width.
        columns: usize,
    },
    /// The rule does not give as many bins as a level asks for over this size.
    #[error("the rule gives {count} bins over {size} cells, not {asked}")]
    WrongCount {
        /// Cells along the axis.
        size: usize,
        /// Bins asked for.
        asked: usize,
        /// Bins that the rule gives, 0 where it has no answer.
        count: usize,
    },
    /// The feature map has no cells. PyTorch refuses it as well.
    #[error("a feature map of {height} x {width} cells has nothing to pool")]
    EmptyMap {
        /// Height of the map.
        height: usize,
        /// Width of the map.
        width: usize,
    },
    /// A map or an output has more elements than an `i32` index can name.
    #[error("the map or its output has more than 2^31 - 1 elements")]
    TooLarge,
    /// The plan was made for maps of another size.
    #[error("the plan is for {planned:?} maps, not for {found:?}")]
    WrongMap {
        /// Height and width the plan was made for.
        planned: (usize, usize),
        /// Height and width of the map given.
        found: (usize, usize),
    },
    /// A buffer does not have the length its shape asks for.
    #[error("{buffer} has {found} elements, but needs {needed}")]
    WrongLength {
        /// Name of the argument.
        buffer: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have.
        needed: usize,
    },
    /// An index points outside its plane.
    #[error("indices[{position}] is {index}, but a plane has {cells} cells")]
    IndexOutOfRange {
        /// Position in the list of indices.
        position: usize,
        /// The index found there.
        index: u32,
        /// Number of cells in a plane.
        cells: usize,
    },
    /// A region's item is not one of the batch, or a coordinate is not finite.
    #[error("region {position} names no item of the batch or has a coordinate that is not finite")]
    InvalidRegion {
        /// Position in the list of regions.
        position: usize,
    },
    /// There is no memory left for the plan.
    #[error("out of memory")]
    OutOfMemory,
}
