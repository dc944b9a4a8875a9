import { wasm } from '../../../../target/bench/bounds.js';
import { type Case, cellsOf, outputLengthOf } from '../case.js';
import type { Engine, PreparedEngine } from '../engine.js';
import type { Workload } from '../workload.js';

/** The exports of `bounds.wat`. Addresses and lengths in bytes; lengths are multiples of 64. */
interface Sweeps {
  readonly memory: WebAssembly.Memory;
  maximum(at: number, bytes: number): number;
  place(at: number, bytes: number): number;
  fill(at: number, bytes: number): void;
}

/**
 * The least that any implementation must do with the memory: `forward` is one sweep of maximum and NaN mask over the map, `indices` one
 * of maximum and its index, `backward` filling the map with zeros, `arrays` the map's copy to WASM and the output's back.
 */
export const bound: Engine = {
  name: 'bound',
  kind: 'yardstick',
  about: 'one sweep over the same bytes in WASM SIMD',
  async prepare(workload) {
    if (workload.case.regions) return undefined;
    const { instance } = await WebAssembly.instantiate(wasm());
    const sweeps = instance.exports as unknown as Sweeps;
    return preparations[workload.operation](sweeps, workload);
  },
};

/** Maps in the module's memory. Gives their addresses, and that of `more` bytes behind. */
function place({ memory }: Sweeps, maps: readonly Float32Array[], more: number) {
  const bytes = maps.map((map) => map.byteLength);
  const total = bytes.reduce((sum, b) => sum + b, more);
  memory.grow(Math.ceil(total / 65536));
  let at = 0;
  const addresses = maps.map((map) => {
    new Float32Array(memory.buffer, at, map.length).set(map);
    at += map.byteLength;
    return at - map.byteLength;
  });
  return { addresses, behind: at };
}

const bytesOf = (c: Case) => 4 * cellsOf(c);
const dispose = () => {};

const preparations: Record<Workload['operation'], (sweeps: Sweeps, workload: Workload) => PreparedEngine> = {
  forward(sweeps, { case: c, maps }) {
    const { addresses } = place(sweeps, maps, 0);
    let found = 0;
    return {
      run(turn) {
        found = sweeps.maximum(addresses[turn % addresses.length]!, bytesOf(c));
      },
      answer: () => [Float32Array.of(found)],
      expected: (turn) => [Float32Array.of(maps[turn]!.reduce((most, value) => Math.max(most, value)))],
      dispose,
    };
  },
  indices(sweeps, { case: c, maps }) {
    const { addresses } = place(sweeps, maps, 0);
    let found = 0;
    return {
      run(turn) {
        found = sweeps.place(addresses[turn % addresses.length]!, bytesOf(c));
      },
      answer: () => [Int32Array.of(found)],
      expected(turn) {
        const map = maps[turn]!;
        return [Int32Array.of(map.indexOf(map.reduce((most, value) => Math.max(most, value))))];
      },
      dispose,
    };
  },
  backward(sweeps, { case: c, maps }) {
    const { addresses } = place(sweeps, maps.slice(0, 1), 0);
    return {
      run: () => sweeps.fill(addresses[0]!, bytesOf(c)),
      answer: () => [new Float32Array(sweeps.memory.buffer, addresses[0], cellsOf(c))],
      expected: () => [new Float32Array(cellsOf(c))],
      dispose,
    };
  },
  arrays(sweeps, { case: c, maps, expected }) {
    const { addresses, behind } = place(sweeps, maps.slice(0, 1), 4 * outputLengthOf(c));
    const input = new Float32Array(sweeps.memory.buffer, addresses[0], cellsOf(c));
    const output = new Float32Array(sweeps.memory.buffer, behind, outputLengthOf(c));
    output.set(expected[0]![0]!);
    let found = output;
    return {
      run(turn) {
        input.set(maps[turn % maps.length]!);
        found = output.slice();
      },
      answer: () => [found],
      expected: () => expected[0]!,
      dispose,
    };
  },
};
