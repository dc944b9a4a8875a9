//! Unpacks the WASM of the package where it was downloaded, as a small module of its own: JavaScript takes three times as long.

use std::slice::{from_raw_parts, from_raw_parts_mut};

mod lzma;
mod range;

pub use lzma::decode;

/// Decodes the file of `file_len` bytes at an address to `len` bytes at another.
///
/// # Safety
/// Both addresses must be valid for as many bytes, which do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unpack(file: *const u8, file_len: usize, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { decode(from_raw_parts(file, file_len), from_raw_parts_mut(to, len)) }
}
