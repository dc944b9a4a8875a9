/** What the benchmark of engines understands. */
export const help = `
Usage: npm run bench:engines [-- OPTIONS]

Sets up what is missing, builds the package, installs engines of WebAssembly into target/engines, and measures simd.wasm and
scalar.wasm in every engine that is found, on one thread, by turns, each answer checked before it is timed. Prints medians in
microseconds, as ratios to the first engine (V8 in this Node) and to the engine's own bound, a sweep over the same bytes.

  --case LIST       only these cases: a, b, c, d, f (default: all but f)
  --operation LIST  only these: forward, indices, backward
  --engine LIST     only engines whose names begin so; the first one is the one that others are compared with
  --rounds N        samples of each engine (default 9)
  --probes          measures single instructions instead
  --json FILE       writes all samples to a file as well
  --record          keeps them under test/bench/record and brings BENCHMARKS.md up to date
  --list            only names the engines that are found, and their versions
  --help            this text

A LIST is a name or several, such as a,b; an option may also be repeated.`;
