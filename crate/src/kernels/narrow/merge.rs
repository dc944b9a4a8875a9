//! Nested levels, made from the bins of their parents, a channel in every lane.

use core::ops::Range;

use super::order::{Order, Seen, load, store, vector_at};
use super::pass::{Nest, Pass};
use crate::vector::{Native as V, Vector};

/// Makes the values of a level.
///
/// # Safety
/// As [`Kernel::merge_level`](super::pass::Kernel::merge_level).
#[inline(never)]
pub(super) unsafe fn values<O: Order>(pass: &Pass, nest: &Nest, flip: V, seen: &mut Seen) {
    let (from, to) = (nest.from.values.cast(), pass.out.values.cast());
    let Range { start, end } = pass.channels;
    for bin in 0..nest.bins.0 * nest.bins.1 {
        let mut channel = start;
        while channel < end {
            let (at, lanes) = vector_at::<O>(channel, start, end);
            // SAFETY: channels of bins of the parent and of the level.
            unsafe {
                let part = |bin: usize| O::key(load::<O>(from, bin * pass.bin_apart + at, lanes), flip);
                let first = nest.first(bin);
                let mut most = part(first);
                for row in 0..nest.rows {
                    let first = first + row * nest.across;
                    for bin in first..first + nest.columns {
                        most = O::max(most, part(bin));
                    }
                }
                let value = O::key(most, flip);
                seen.bin::<O>(value);
                store::<O>(to, bin * pass.bin_apart + at, value, lanes);
            }
            channel = at + O::LANES;
        }
    }
}

/// Makes the indices of a level whose values are made: the lowest index of those whose value is the bin's.
///
/// # Safety
/// As [`Kernel::merge_level`](super::pass::Kernel::merge_level).
#[inline(never)]
pub(super) unsafe fn indices<O: Order>(pass: &Pass, nest: &Nest) {
    let Range { start, end } = pass.channels;
    for bin in 0..nest.bins.0 * nest.bins.1 {
        let mut channel = start;
        while channel < end {
            let (at, lanes) = vector_at::<O>(channel, start, end);
            // SAFETY: channels of bins of the parent and of the level.
            unsafe {
                if lanes == O::LANES {
                    lowest::<O>(pass, nest, bin, at);
                } else {
                    (at..at + lanes).for_each(|channel| lowest_of_one::<O>(pass, nest, bin, channel));
                }
            }
            channel = at + O::LANES;
        }
    }
}

/// The lowest indices of a bin, for a vector of channels.
///
/// # Safety
/// As [`indices`].
#[inline(always)]
unsafe fn lowest<O: Order>(pass: &Pass, nest: &Nest, bin: usize, channel: usize) {
    let (from, to) = (nest.from.values.cast(), pass.out.values.cast());
    let at = bin * pass.bin_apart + channel;
    let mut lowest = [V::splat_index(u32::MAX); 4];
    // SAFETY: the caller's promise.
    unsafe {
        let most = load::<O>(to, at, O::LANES);
        for row in 0..nest.rows {
            let first = nest.first(bin) + row * nest.across;
            for bin in first..first + nest.columns {
                let at = bin * pass.bin_apart + channel;
                let others = O::mask_words(O::eq(load::<O>(from, at, O::LANES), most).not());
                for i in 0..O::WORDS {
                    let index: V = nest.from.indices.load(at + V::LANES * i, V::LANES);
                    lowest[i] = lowest[i].min_index(index.raise(others[i]));
                }
            }
        }
        for (i, lowest) in lowest.into_iter().enumerate().take(O::WORDS) {
            pass.out.indices.store(at + V::LANES * i, lowest, V::LANES);
        }
    }
}

/// The lowest index of a bin, for one channel.
///
/// # Safety
/// As [`indices`].
#[cold]
unsafe fn lowest_of_one<O: Order>(pass: &Pass, nest: &Nest, bin: usize, channel: usize) {
    let (from, to) = (nest.from.values.cast::<O::Element>(), pass.out.values.cast::<O::Element>());
    let at = bin * pass.bin_apart + channel;
    let mut lowest = u32::MAX;
    // SAFETY: the caller's promise.
    unsafe {
        for row in 0..nest.rows {
            let first = nest.first(bin) + row * nest.across;
            for bin in first..first + nest.columns {
                let part = bin * pass.bin_apart + channel;
                if from.get(part) == to.get(at) {
                    lowest = lowest.min(nest.from.indices.get(part));
                }
            }
        }
        pass.out.indices.set(at, lowest);
    }
}
