//! Forward over maps of bytes and of halves in their own type, sixteen or eight cells in a vector: a maximum is one of the cells, so
//! nothing need be converted.
//!
//! NaN, and zeros of both signs, are only found out: who calls pools such planes another way.

mod columns;
mod kernel;
mod merge;
pub(crate) mod nchw;
pub(crate) mod nhwc;
mod order;
mod pass;
mod rows;
mod scan;
mod seen;
mod squares;
mod transpose;

pub(crate) use kernel::{Kernel, with_kernel};
pub(crate) use pass::{Bins, Item};
pub(crate) use squares::Squares;
