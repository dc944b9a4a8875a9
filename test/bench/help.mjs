/** What the benchmark understands. */
export const help = `
Usage: npm run bench [-- OPTIONS]

Sets up what is missing, builds the package and measures it: every engine on every case, by turns, each answer
checked before it is timed. Prints medians with the range of the middle half, in microseconds, and how many times
the bound that is.

  --case LIST       only these cases: a, b, c, d, f, g, sweep, or points of the sweep such as 56x56x256
  --operation LIST  only these: forward, indices, backward, arrays
  --engine LIST     only engines whose names begin so
  --threads N       most threads of the engines that have threads (default 2)
  --rounds N        samples of each engine (default 25, in the sweep 9)
  --json FILE       writes all samples to a file as well
  --record          keeps them under test/bench/record and writes the figures in BENCHMARKS.md, README.md and docs/performance.md
  --onnx            measures whole networks in ONNX Runtime Web instead, pooled by kernels and by bodies
  --types           measures what maps of bytes and of halves take instead, times what float32 takes; --operation
                    has average and "average backward" as well, and --record keeps them in a section of their own
  --list            only names the engines and says what they are
  --help            this text

A LIST is a name or several, such as a,b; an option may also be repeated.
PyTorch takes part where the Python on the path, or the one that PYTHON names, has torch and torchvision.
After a build the same file runs elsewhere:
  npx deno run -A --sloppy-imports test/bench/main.ts OPTIONS
  npx bun test/bench/main.ts OPTIONS`;
