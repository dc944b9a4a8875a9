//! Nested levels, made from the bins of their parents, a channel in every lane.

use super::order::{Order, load, store};
use super::pass::{Nest, Pass};
use super::seen::Seen;
use crate::vector::{Native as V, Vector};

/// Makes the values of a level.
///
/// # Safety
/// As [`Kernel::merge_level`](super::kernel::Kernel::merge_level).
#[inline(never)]
pub(super) unsafe fn values<O: Order>(pass: &Pass, nest: &Nest, flip: V, seen: &mut Seen) {
    let (from, to) = (nest.from.values.cast(), pass.out.values.cast());
    for bin in 0..nest.bins.0 * nest.bins.1 {
        for channel in vectors::<O>(pass) {
            // SAFETY: channels of bins of the parent and of the level.
            unsafe {
                let part = |bin: usize| O::key(load::<O>(from, bin * pass.bin_apart + channel), flip);
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
                store::<O>(to, bin * pass.bin_apart + channel, value);
            }
        }
    }
}

/// The first channels of vectors that hold all channels of a pass: the last overlaps the one before.
#[inline(always)]
fn vectors<O: Order>(pass: &Pass) -> impl Iterator<Item = usize> {
    let last = pass.channels.end - O::LANES;
    pass.channels.clone().step_by(O::LANES).map(move |channel| channel.min(last))
}

/// Makes the indices of a level whose values are made: the lowest index of those whose value is the bin's.
///
/// # Safety
/// As [`Kernel::merge_level`](super::kernel::Kernel::merge_level).
#[inline(never)]
pub(super) unsafe fn indices<O: Order>(pass: &Pass, nest: &Nest) {
    let (from, to) = (nest.from.values.cast(), pass.out.values.cast());
    for bin in 0..nest.bins.0 * nest.bins.1 {
        for channel in vectors::<O>(pass) {
            let at = bin * pass.bin_apart + channel;
            let mut lowest = [V::splat_index(u32::MAX); 4];
            // SAFETY: channels of bins of the parent and of the level.
            unsafe {
                let most = load::<O>(to, at);
                for row in 0..nest.rows {
                    let first = nest.first(bin) + row * nest.across;
                    for bin in first..first + nest.columns {
                        let at = bin * pass.bin_apart + channel;
                        let others = O::mask_words(O::eq(load::<O>(from, at), most).not());
                        for i in 0..O::WORDS {
                            let index: V = nest.from.indices.load(at + V::LANES * i, V::LANES);
                            lowest[i] = lowest[i].min_index(index.set_masked(others[i]));
                        }
                    }
                }
                for (i, lowest) in lowest.into_iter().enumerate().take(O::WORDS) {
                    pass.out.indices.store(at + V::LANES * i, lowest, V::LANES);
                }
            }
        }
    }
}
