//! The version of the boundary.

use wasm_bindgen::prelude::wasm_bindgen;

/// Goes up with each change that callers have to follow: of an export, of a number, or of what is read from memory.
/// `docs/abi.md` describes this version.
pub const ABI_VERSION: u32 = 1;

/// The version of the exports, of their numbers, and of what they read from memory.
#[wasm_bindgen]
pub fn abi_version() -> u32 {
    ABI_VERSION
}
