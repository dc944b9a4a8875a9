/** Hosts without `Float16Array` where a polyfill sets one: what calls give can be given to calls. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Float16Array as Polyfill } from '@petamoriken/float16';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** Runs a module in a process of its own, where no module was loaded yet and there is no `Float16Array`. */
async function runModule(body: string): Promise<string[]> {
  const script = `
    import { Float16Array as Polyfill } from '@petamoriken/float16';
    delete globalThis.Float16Array;
    const usePolyfill = () => { globalThis.Float16Array = Polyfill; };
    const load = () => import('./dist/node/index.js');
    const bits = (halves) => [...new Uint16Array(halves.buffer, halves.byteOffset, halves.length)].join();
    const dims = [1, 2, 2];
    /** Gives back all that calls over halves give: as input, gradient, indices and \`out\`. */
    async function goRound(pool, input) {
      const { output, indices } = pool.forwardWithIndices(input);
      const gradient = pool.backward(output, { dims, indices });
      const again = pool.forward(gradient);
      const out = pool.forward(input, { out: output });
      console.log(out === output, bits(out.data), bits(gradient.data), bits(again.data));
      console.log(bits((await pool.forwardAsync([output, again].map(({ data }) => ({ data, type: 'float16', dims: [1, 1, 1] })))).data));
      const resident = pool.runtime.tensor(dims, 'float16');
      resident.data.set(input.data);
      console.log(bits(pool.forward(resident).data), bits(pool.forward({ data: resident.data, type: resident.type, dims }).data));
    }
    ${body}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout.trim().split('\n');
}

/** 1, 4, 3, 2 and what comes of it under level 1. */
const answers = ['true 17408 0,17408,0,0 17408', '17408,17408', '17408 17408'];
const words = 'new Uint16Array([0x3c00, 0x4400, 0x4200, 0x4000])';

test('a polyfill that is set before the package is loaded', async () => {
  const lines = await runModule(`
    usePolyfill();
    const pool = await (await load()).createPyramidPool({ levels: [1] });
    await goRound(pool, { data: new Float16Array([1, 4, 3, 2]), dims });
    console.log(bits(pool.forward({ data: ${words}, type: 'float16', dims }).data));
    console.log(pool.forward({ data: new Float16Array([1, 4, 3, 2]), dims }).data[0]);`);
  expect(lines).toEqual([...answers, '17408', '4']);
});

test('a polyfill that is set after the first call', async () => {
  const lines = await runModule(`
    const pool = await (await load()).createPyramidPool({ levels: [1] });
    const before = pool.forward({ data: ${words}, type: 'float16', dims });
    usePolyfill();
    console.log(bits(pool.forward({ ...before, dims: [1, 1, 1] }).data));
    const resident = pool.runtime.tensor(dims, 'float16');
    await goRound(pool, { data: ${words}, type: 'float16', dims });
    const input = { data: new Float16Array([1, 4, 3, 2]), dims };
    const out = { data: new Float16Array(1), dims: [1] };
    console.log(pool.forward(input, { out }) === out, out.data[0], bits(pool.forward(input).data));`);
  expect(lines).toEqual(['17408', ...answers, 'true 4 17408']);
});

test('a polyfill that is a class over the bits', async () => {
  const lines = await runModule(`
    globalThis.Float16Array = class Float16Array extends Uint16Array {
      get [Symbol.toStringTag]() { return 'Float16Array'; }
    };
    const pool = await (await load()).createPyramidPool({ levels: [1] });
    const { data } = pool.forward({ data: new Float16Array(${words}), dims });
    console.log(bits(data), data instanceof Float16Array, bits(pool.forward({ data, dims: [1, 1, 1] }).data));`);
  expect(lines).toEqual(['17408 true 17408']);
});

test('what only calls itself a Float16Array is none', async () => {
  const { createPyramidPool } = await import('pyramid-pool');
  using pool = await createPyramidPool({ levels: [1] });
  const tag = { value: 'Float16Array' };
  const floats = Object.defineProperty(Float32Array.of(1, 4), Symbol.toStringTag, tag);
  expect(pool.forward({ data: floats, dims: [1, 1, 2] }).type).toBe('float32');
  const liar = { [Symbol.toStringTag]: 'Float16Array', buffer: new ArrayBuffer(2), byteOffset: 0, length: 2 };
  expect(() => pool.forward({ data: liar, dims: [1, 1, 2] })).toThrow('input.data cannot be read');
  const none = { [Symbol.toStringTag]: 'Float16Array', length: 2 };
  expect(() => pool.forward({ data: none, dims: [1, 1, 2] })).toThrow('input.data is an object');
});

test('halves of a polyfill whose buffer was given away', async () => {
  const { createPyramidPool } = await import('pyramid-pool');
  using pool = await createPyramidPool({ levels: [1] });
  const data = new Polyfill([1, 2]);
  structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
  expect(() => pool.forward({ data, dims: [1, 1, 2] })).toThrow('detached');
});
