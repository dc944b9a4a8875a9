//! What the tests share: the project's files, and the modules.

use std::path::PathBuf;

use pyramid_pool_host::Module;

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

/// The built modules, by their names.
pub fn modules() -> [(&'static str, Module); 2] {
    ["simd", "scalar"].map(|name| {
        let wasm = std::fs::read(project(&format!("dist/wasm/{name}.wasm"))).expect("the package is built");
        (name, Module::new(&wasm).expect("the engine takes the module"))
    })
}
