//! Shapes, and where the elements of a plane lie in memory.

use core::ops::Range;

/// The order of a feature map's axes in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// `[batch, channels, height, width]`.
    Nchw,
    /// `[batch, height, width, channels]`.
    Nhwc,
}

/// The order of the values in a row of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputOrder {
    /// Level after level, each with the axes in the order of the map: `[channels, nh, nw]`, or `[nh, nw, channels]`.
    Levels,
    /// Channel after channel, whatever the layout of the map: `[channels, bins]`, where `bins` are those of all levels, one level
    /// after the other.
    Channels,
}

/// How a feature map and its output lie in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arrangement {
    /// The order of the map's axes.
    pub layout: Layout,
    /// The order of the values in a row of the output.
    pub order: OutputOrder,
}

/// With the output in the order of the levels.
impl From<Layout> for Arrangement {
    fn from(layout: Layout) -> Self {
        Arrangement { layout, order: OutputOrder::Levels }
    }
}

/// The four sizes of a feature map, whatever its layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeatureMap {
    /// Number of items (N).
    pub batch: usize,
    /// Number of channels (C).
    pub channels: usize,
    /// Number of rows (H).
    pub height: usize,
    /// Number of columns (W).
    pub width: usize,
}

impl FeatureMap {
    /// Number of cells in one plane, `height * width`.
    pub fn cells(&self) -> usize {
        self.height * self.width
    }

    /// Number of elements in the whole map.
    pub fn len(&self) -> usize {
        self.batch * self.channels * self.cells()
    }

    /// Whether the map has no elements at all, as an empty batch has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where the planes of one item lie in a buffer: element `i` of plane `p` is at `first + p * plane + i * step`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PlaneStrides {
    pub first: usize,
    pub plane: usize,
    pub step: usize,
}

/// The bins of one level in a row of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LevelRange {
    /// Bins of the levels before this one.
    pub first: usize,
    pub bins: usize,
}

impl PlaneStrides {
    #[inline(always)]
    pub fn at(self, plane: usize, i: usize) -> usize {
        self.first + plane * self.plane + i * self.step
    }

    /// The stretches of memory that hold some whole planes of `len` elements, in the order in which they would lie with
    /// nothing else in between.
    pub fn runs(self, planes: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
        let (count, each, apart) = if self.plane == len || self.step == planes.len() {
            (1, planes.len() * len, 0)
        } else if self.step == 1 {
            (planes.len(), len, self.plane)
        } else {
            (len, planes.len(), self.step)
        };
        let first = self.at(planes.start, 0);
        (0..count).map(move |i| first + i * apart..first + i * apart + each)
    }

    /// Number of elements from the first to the last of some planes of `len` elements that lie one after the other.
    #[inline(always)]
    pub fn extent(self, planes: usize, len: usize) -> usize {
        (planes - 1) * self.plane + len
    }
}

impl Layout {
    /// The cells of an item's planes in the feature map.
    #[inline(always)]
    pub(crate) fn cells(self, map: &FeatureMap, item: usize) -> PlaneStrides {
        let first = item * map.channels * map.cells();
        match self {
            Layout::Nchw => PlaneStrides { first, plane: map.cells(), step: 1 },
            Layout::Nhwc => PlaneStrides { first, plane: 1, step: map.channels },
        }
    }
}

impl Arrangement {
    /// The bins of one level in row `row` of an output that has `all` bins a channel in each row.
    #[inline(always)]
    pub(crate) fn bins(self, channels: usize, all: usize, range: LevelRange, row: usize) -> PlaneStrides {
        let first = (row * all + range.first) * channels;
        match (self.order, self.layout) {
            (OutputOrder::Levels, Layout::Nchw) => PlaneStrides { first, plane: range.bins, step: 1 },
            (OutputOrder::Levels, Layout::Nhwc) => PlaneStrides { first, plane: 1, step: channels },
            (OutputOrder::Channels, _) => {
                PlaneStrides { first: row * all * channels + range.first, plane: all, step: 1 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions of all bins of row 1, for two levels of 4 bins and 1 over three channels: by level, channel and bin.
    fn positions(layout: Layout, order: OutputOrder) -> Vec<usize> {
        let levels = [LevelRange { first: 0, bins: 4 }, LevelRange { first: 4, bins: 1 }];
        let of = |range| Arrangement { layout, order }.bins(3, 5, range, 1);
        let planes =
            |range: LevelRange| (0..3).flat_map(move |channel| (0..range.bins).map(move |i| of(range).at(channel, i)));
        levels.into_iter().flat_map(planes).map(|at| at - 15).collect()
    }

    #[test]
    fn bins_stand_in_the_order_of_the_output() {
        let by_level = positions(Layout::Nchw, OutputOrder::Levels);
        assert_eq!(by_level, (0..15).collect::<Vec<_>>());
        let channels_last = positions(Layout::Nhwc, OutputOrder::Levels);
        assert_eq!(channels_last, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 13, 14]);
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let by_channel = positions(layout, OutputOrder::Channels);
            assert_eq!(by_channel, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 4, 9, 14]);
        }
    }

    #[test]
    fn runs_hold_the_planes_in_packed_order() {
        for planes in [
            PlaneStrides { first: 7, plane: 4, step: 1 },
            PlaneStrides { first: 7, plane: 9, step: 1 },
            PlaneStrides { first: 7, plane: 1, step: 5 },
            PlaneStrides { first: 7, plane: 1, step: 3 },
        ] {
            let mut expected = vec![0; 12];
            let (plane, step) = if planes.step == 1 { (4, 1) } else { (1, 3) };
            let packed = PlaneStrides { first: 0, plane, step };
            (0..3).for_each(|plane| (0..4).for_each(|i| expected[packed.at(plane, i)] = planes.at(plane, i)));
            assert_eq!(planes.runs(0..3, 4).flatten().collect::<Vec<_>>(), expected, "{planes:?}");
        }
    }
}
