/** What the benchmark understands. */
export const help = `
Usage: npm run bench [-- OPTIONS]

Sets up what is missing, builds the package and measures it: every engine on every case, by turns, each answer
checked before it is timed. Prints medians with the range of the middle half, in microseconds, and how many times
the bound that is.

  --case NAME       only this case: a, b, c, d, f, sweep, or a point of the sweep such as 56x56x256; may be repeated
  --operation NAME  only this one: forward, indices, backward, arrays; may be repeated
  --engine NAME     only engines whose name begins so; may be repeated
  --threads N       most threads of the engines that have threads (default 2)
  --rounds N        samples of each engine (default 25, in the sweep 9)
  --json FILE       writes all samples to a file as well
  --record          keeps them under test/bench/record and brings BENCHMARKS.md up to date
  --list            only names the engines and says what they are
  --help            this text

PyTorch takes part where the Python on the path, or the one that PYTHON names, has torch and torchvision.
After a build the same file runs elsewhere:
  npx deno run -A --sloppy-imports test/bench/main.ts OPTIONS
  npx bun test/bench/main.ts OPTIONS`;
