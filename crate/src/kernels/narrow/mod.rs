//! Forward over maps of bytes and of halves in their own type, sixteen or eight cells in a vector: a maximum is one of the cells, so
//! nothing need be converted.
//!
//! NaN, and zeros of both signs, are only found out: who calls pools such planes another way.

mod merge;
pub(crate) mod nhwc;
mod order;
mod pass;
mod scan;
pub(crate) mod squares;

use crate::element::ElementType;
use order::{Bytes, Halves};
pub(crate) use pass::{Bins, Item, Kernel};
use scan::Scan;

/// Calls `run` with the kernel for elements of a type.
pub(crate) fn with_kernel(kind: ElementType, indexed: bool, run: impl FnOnce(&mut dyn Kernel)) {
    match (kind, indexed) {
        (ElementType::F16, false) => run(&mut Scan::<Halves<false>, false>::new(kind)),
        (ElementType::F16, true) => run(&mut Scan::<Halves<false>, true>::new(kind)),
        (_, false) => run(&mut Scan::<Bytes, false>::new(kind)),
        (_, true) => run(&mut Scan::<Bytes, true>::new(kind)),
    }
}
