//! Shapes, and where the elements of a plane lie in memory.

use core::ops::Range;

/// The order of a feature map's axes in memory, and with it the order of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// `[batch, channels, height, width]`; an output row holds, for each level, `[channels, nh, nw]`.
    Nchw,
    /// `[batch, height, width, channels]`; an output row holds, for each level, `[nh, nw, channels]`.
    Nhwc,
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

/// Where the planes of one item lie in a buffer: element `i` of plane `p` stands at `first + p * plane + i * step`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Planes {
    pub first: usize,
    pub plane: usize,
    pub step: usize,
}

/// The bins of one level in a row of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Bins of the levels before this one.
    pub first: usize,
    pub bins: usize,
}

impl Planes {
    #[inline(always)]
    pub fn at(self, plane: usize, i: usize) -> usize {
        self.first + plane * self.plane + i * self.step
    }

    /// Where the same elements of `planes` planes of `len` would lie with nothing else in between.
    pub fn packed(self, planes: usize, len: usize) -> Planes {
        if self.step == 1 && self.plane == len {
            Planes { first: 0, plane: len, step: 1 }
        } else {
            Planes { first: 0, plane: 1, step: planes }
        }
    }

    /// The stretches of memory that hold some whole planes of `len` elements, in the order in which they would lie with
    /// nothing else in between.
    pub fn runs(self, planes: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
        let whole = self.plane == len || self.step == planes.len();
        let (count, each) = if whole { (1, planes.len() * len) } else { (len, planes.len()) };
        let first = self.at(planes.start, 0);
        (0..count).map(move |i| first + i * self.step..first + i * self.step + each)
    }
}

impl Layout {
    /// The cells of an item's planes in the feature map.
    #[inline(always)]
    pub(crate) fn cells(self, map: &FeatureMap, item: usize) -> Planes {
        let first = item * map.channels * map.cells();
        match self {
            Layout::Nchw => Planes { first, plane: map.cells(), step: 1 },
            Layout::Nhwc => Planes { first, plane: 1, step: map.channels },
        }
    }

    /// The bins of one level in row `row` of an output that has `all` bins a channel in each row.
    #[inline(always)]
    pub(crate) fn bins(self, channels: usize, all: usize, place: Place, row: usize) -> Planes {
        let first = (row * all + place.first) * channels;
        match self {
            Layout::Nchw => Planes { first, plane: place.bins, step: 1 },
            Layout::Nhwc => Planes { first, plane: 1, step: channels },
        }
    }
}
