//! Constants that depend on the machine: sizes of blocks, and the sizes from which another kernel is faster.
//!
//! Nothing here changes a result, but for [`AVERAGE_SUMS`]: it decides which sums are of `f32`, and so last digits of gradients of wide
//! maps. To set a constant anew, build the module twice, with the old value and a new one, and compare them by turns in one process, as
//! `docs/contributing/change-a-kernel.md` shows. Each constant names what to measure.
//!
//! A ratio is the time with the value over the time without the feature, or with the other value that is named. Ratios were measured on
//! an Intel processor with 2 MiB of second-level cache a core, or an AMD one with 512 KiB. Where there is none, the value was tried on
//! the Intel one and its figures were not kept: measure before you rely on it. "2 takes 1.1" means: with 2 in place of the value, 1.1 times
//! as long, on the AMD one.

use crate::vector::IN_REGISTERS;

// Maxima, NCHW.

/// Vectors of columns that are reduced together at most, without indices. Engines load all of them before they compare any: seven
/// spill registers, and take a third more.
///
/// Measure `d`, 40 x 40 under 6, 3, 2, 1 and 28 x 28 under 8, 4, 2, 1, NCHW, forward: 3 takes 1.06 to 1.15 times as long, 4 takes 1.03
/// to 1.15. `reduce_rows` has an arm for each length up to [`MOST_STRIP`].
pub(crate) const STRIP_VALUES: usize = 5;
/// The same with an index beside every value; two where a vector is four words.
///
/// Measure the same with indices, in `simd` and in `scalar`: in `simd` 2 takes 1.03 to 1.23 times as long, 3 takes 1.00 to 1.08.
/// In `scalar` 1 takes 1.03 to 1.11, 4 takes twice as long.
pub(crate) const STRIP_INDEXED: usize = if IN_REGISTERS { 4 } else { 2 };
/// The longest strips that `reduce_rows` has code for.
pub(crate) const MOST_STRIP: usize = 5;
const _: () = assert!(STRIP_INDEXED <= 4 && STRIP_VALUES <= MOST_STRIP, "`reduce_rows` has no arm for so long a strip");

/// Cells of a plane that stays in the first-level cache beside its reduced rows: half as many are reduced together, and up to here
/// bins are read side by side only if that reads no more than a quarter of the map twice.
///
/// Measure 20 x 20 to 100 x 100 under 6, 3, 2, 1 and 4, 2, 1, NCHW: half as many takes 0.99 to 1.06, and 1.18
/// for 20 x 20 in a disturbed run; twice as many 0.99 to 1.05.
pub(crate) const SMALL_PLANE: usize = 6144;
/// Cells of a plane up to which strips with indices go from top to bottom rather than over one row of bins at a time.
///
/// Measure 15 to 60 columns with indices, NCHW: 32 x 32 under 8, 4, 2, 1 takes 0.87 from top to bottom; 28 x 28 under 5, 3, 1 0.93,
/// 38 x 50 0.96.
pub(crate) const STRIPPED_PLANE: usize = 2560;
/// Cells of a plane from which wide bins are read side by side, in the order of memory, though some cells are read twice.
///
/// Measure squares of 16 to 31 columns under 2, 1 and 4, 2, 1, NCHW: 256 takes 1.00 to 1.02, 1024 takes 0.92 to 1.02, most within 0.02.
pub(crate) const STREAMED_PLANE: usize = 512;
/// Planes that are taken together, level after level, where they are small.
///
/// Measure `b`, 7 x 7 under 3, 2, 1 and 8 x 8 under 4, 1, NCHW: 8 takes 1.12 for `b`, with indices 1.05, else 1; 64 takes 0.99 to 1.01.
pub(crate) const FORWARD_BLOCK: usize = 32;
/// Offsets that are listed for a level at most: 64 KiB. Of larger levels, fewer rows of bins are taken together.
///
/// Measure 128 x 128 under 100, 50 and 256 x 256 under 128, NCHW: for the first, half as many takes 0.78, twice as many 0.67, since the
/// last block of rows overlaps less of the one before. Without lists, `d` takes 1.7 to 2.2, 28 x 28 under 8, 4, 2, 1 and
/// 32 x 32 under 6, 3, 2, 1 take 2.5 to 3.5.
pub(crate) const MOST_LISTED: usize = 1 << 14;
/// Words of reduced rows that a level may take together for a block of planes. Of one that needs more, fewer rows are taken together.
///
/// Bounds memory; no usual level comes near it.
pub(crate) const MOST_REDUCED: usize = 1 << 17;

// Maxima of small planes, NCHW, transposed to NHWC.

/// Planes that are transposed together: they stay in the first-level cache.
///
/// Measure 10 x 10, 12 x 12 and 16 x 16 under 6, 3, 2, 1, NCHW: 16 takes 1.09 to 1.21, with indices 0.95; 64 takes 0.93 to 1.05.
pub(crate) const TRANSPOSED_BLOCK: usize = 32;
/// Words of bins of an NHWC map that are transposed together where the output is in the order of channels: they stay in the
/// second-level cache.
///
/// Bounds memory for large pyramids.
pub(crate) const MOST_TRANSPOSED: usize = 1 << 14;
/// The fewest planes that are transposed: nearly as many as NHWC kernels take at once.
///
/// Measure 64 items of 10 x 10 and 6 to 14 channels under 6, 3, 2, 1, NCHW: 4 takes 1.15 to 1.46 for 6 and 8 channels; 16 takes 1.19 to
/// 1.28 for 12 and 14, with indices 1.14.
pub(crate) const TRANSPOSED_FEWEST: usize = 12;
/// Words of a plane, its values and its indices, up to which a block of planes stays in the second-level cache.
///
/// Measure 18 x 18 to 24 x 24 under 4, 3, 2, 1 and 8, 6, 3, 1, NCHW: 0.75 up to here.
pub(crate) const TRANSPOSED_WORDS: usize = 1 << 10;
/// The same for planes of fewer than [`TRANSPOSED_NARROW`] columns, which have no other kernel as fast.
///
/// Measure columns of 1 to 3 cells and thousands of rows, NCHW: 0.14 to 0.5.
pub(crate) const TRANSPOSED_NARROW_WORDS: usize = 1 << 15;
/// Planes of fewer rows or columns are transposed whatever their bins.
///
/// Measure maps of 3 to 7 rows or columns under 4, 1, NCHW: 2 takes 2.5 for 300 rows of 3, and 0.74 for 3 rows of 300; 8 takes 1.14 to
/// 1.19 for 5 and 7 rows, and 0.85 for 6 columns, with indices 0.82.
pub(crate) const TRANSPOSED_NARROW: usize = 4;
/// Cells that take as long to transpose as is saved in all, by each bin, and by each level that reads the map.
///
/// Measure squares of 8 to 24 cells under one to four levels, NCHW: 18 x 18 under 4, 3, 2, 1 takes 0.75 of the time without. A cost of 64
/// takes 0.82 for 14 x 14 under 3, 1 and up to 1.06 elsewhere, 256 takes 1.45 to 1.56 for 8 x 8, 10 x 10 and 12 x 12. A bin of 2
/// differs nowhere, 8 takes 0.79 for 14 x 14 under 3, 1 and 1.11 for 20 x 20 under 6, 3, 2, 1. A root of 128 takes 1.17 to 1.6, 512 as
/// a bin of 8 does.
pub(crate) const TRANSPOSED_COST: usize = 128;
pub(crate) const TRANSPOSED_BIN: usize = 4;
pub(crate) const TRANSPOSED_ROOT: usize = 256;

// Maxima, NHWC.

/// Channels that are taken together: four vectors, which is one line of the cache.
///
/// Measure `a` to `d`, NHWC. Fixed by `for_each_block`, whose blocks are four vectors.
pub(crate) const CHANNEL_BLOCK: usize = 16;
/// Bytes of a line of the cache: the channels of an NHWC map of bytes or halves that are taken together.
pub(crate) const CACHE_LINE: usize = 64;
/// Elements of an NHWC map, all items together, from which it is read cell by cell rather than in blocks of channels.
///
/// Measure `a`, `c`, `d`, 28 x 28 of 128 to 512 channels under 4, 2, 1 and 40 x 40 of 256 under 6, 3, 2, 1, NHWC: cell by cell 0.6 to 0.9, but
/// 1.12 for four items of 13 x 13; `a` 1.11.
pub(crate) const STREAMED_LEVEL: usize = 1 << 16;
/// Elements of a map, all items together, from which it is taken not to be in the second-level cache: planes are then prefetched before
/// they are transposed, and the channels of an NHWC item are not shared among threads.
///
/// Measure 64 items of 10 x 10 and 14 x 14, NCHW: 0.7 to 0.9; 16 items 1.02 to 1.08.
pub(crate) const STREAMED_MAP: usize = 1 << 18;

// Maxima of bytes and halves, NCHW.

/// Cells of reduced rows that are transposed together: those of a block of planes stay in the first-level cache.
///
/// Measure `c` and `d`, NCHW, `uint8` and `float16`, with and without indices.
pub(crate) const NARROW_CELLS: usize = 512;
/// Cells of planes that are transposed before anything else.
///
/// Measure squares of 7 to 14 cells, NCHW, `uint8` and `float16`, with and without indices: none transposed takes 1.2 to 2.3.
pub(crate) const NARROW_SMALL: usize = 256;
/// Small square planes that are pooled together. Where one holds NaN, all are pooled again.
///
/// Measure `a`, NCHW, `float16`: 32 planes take 1.07.
pub(crate) const MOST_SQUARES: usize = 128;
/// Cells of a reduced row, and bins of all levels, up to which planes are pooled in their type.
///
/// Bounds memory: 4 MiB a thread.
pub(crate) const MOST_NARROW: usize = 1 << 12;
/// The fewest planes that are pooled so: what is done with a plane in every lane takes as long for one as for eight.
///
/// Measure maps of 1 to 8 channels, NCHW, `uint8`.
pub(crate) const NARROW_FEWEST: usize = 4;

// Maxima of bytes and halves, NHWC.

/// Bytes from which a bin of an NHWC map is read in the order of memory before it is scanned for one line of channels after another.
///
/// Measure `a` to `d` and 16 items of 28 x 28 of 128 channels under 4, 2, 1, NHWC, `float16` and `uint8`, with and without indices: never
/// takes 1.2 to 4; twice as many takes 1.2 to 1.36 for `b`, and does not differ for `a`.
pub(crate) const NARROW_STREAMED: usize = 1 << 13;
/// Bytes of a bin that are read so at a time: they stay in the second-level cache.
///
/// Measure `c` and `d`, NHWC, `float16`, with indices: twice as many takes 1.09 for `c`.
pub(crate) const NARROW_PIECE: usize = 1 << 16;

// Gradients of maxima.

/// Cells of the planes whose gradients are gathered together: they stay in the first-level cache.
///
/// Measure `a` to `d`, backward, both layouts: 2048 takes 1.01 to 1.15 times as long, 8192 takes 0.94 to 1.06, 16384 takes 0.93 to 1.10:
/// `d` 0.94, `a` 1.06 to 1.10.
pub(crate) const BACKWARD_BLOCK: usize = 4096;

// Averages and other element types.

/// Sums that are worked on together, of columns of a plane or of channels of a cell: they stay in the first-level cache.
///
/// Measure averages and their gradients, `a`, `d`, 1 x 1000, 1024 x 1024, and 2048 channels of 7 x 7: 512 takes 1.05 to 1.12 for gradients,
/// 2048 takes 0.84 for those of `d`, else 0.96 to 1.03; averages do not differ.
pub(crate) const AVERAGE_SUMS: usize = 1024;
/// Gradients of the bins of some channels that are brought side by side as `f32` before they are shared out to the cells of an NHWC map:
/// they stay in the second-level cache.
///
/// Measure gradients of averages of halves, `a` to `d`, NHWC: 8192 takes 1.4 for `d`, whose channels are then taken in four parts.
pub(crate) const AVERAGE_GATHERED: usize = 1 << 15;
/// Rows of cells that the same gradients are written to from registers, column by column.
///
/// Measure gradients of averages, NCHW, `a`, `c`, `d` and 224 and 256 squared under 4, 2, 1: 4 takes 1.29 to 1.56, but 0.99 for `a`; 16
/// takes 0.76 for `c`, 1.00 for `a` and `d`, 1.10 and 1.18 for the large ones.
pub(crate) const AVERAGE_ROWS: usize = 8;
/// Words that the channels that are converted together may take. Beyond, fewer are converted together.
///
/// Bounds memory: 64 MiB a thread.
pub(crate) const MOST_CONVERTED: usize = 1 << 24;

// Regions.

/// Channels that are pooled together: their values fill a line of the cache.
///
/// Fixed by the kernels, whose cells are four vectors.
pub(crate) const REGION_CHANNELS: usize = 16;
/// Rows of values, and of indices, that all blocks of channels are pooled for before the next rows are. They lie far apart, and a
/// processor has cached addresses for this many pages but not for thousands.
///
/// Measure `f`, NCHW, forward 0.9 to 1, with indices 0.86; NHWC 1.02 to 1.05; 300 regions no change.
pub(crate) const REGION_GROUP: usize = 512;
/// Cells of the planes whose gradients are gathered together: they stay in the second-level cache.
///
/// Measure `f`, backward: 0.75 of one plane at a time.
pub(crate) const REGION_BACKWARD_BLOCK: usize = 32768;
/// Words of tables of maxima. Larger ones would be read from memory, and are not made.
///
/// Measure 2000 regions of maps of 100 x 100 to 400 x 400 cells, forward: an eighth of it takes 3.2 for 200 x 200.
pub(crate) const MOST_TABLE_WORDS: usize = 8 << 20;
/// Cells that are added to the tables in the time in which one cell is scanned: few regions are scanned without tables.
///
/// Measure one and two regions of `f`'s map: 16 takes 1.30 for one under 6, 3, 2, 1, else 0.96 to 1.03; 256 takes 0.98 to 1.01.
pub(crate) const TABLED_CELLS: usize = 64;
/// Bins of a region that are pooled for a block of channels before they are written. Of more, each is written at once.
///
/// Bounds memory: 32 MiB a thread.
pub(crate) const MOST_POOLED: usize = 1 << 18;
/// Words that the cells or the bins of a whole block of channels may take for RoIAlign and averages of regions. Beyond, a block has four channels.
///
/// Bounds memory: 32 MiB a thread for each.
pub(crate) const MOST_ALIGN_WORDS: usize = 8 << 20;
