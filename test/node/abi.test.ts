/** `docs/abi.md` says what the built modules export, and has the numbers and the layouts of the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { layouts, outputOrders } from '../../ts/arguments/feature-map.js';
import { dataTypes } from '../../ts/core/tensor.js';
import { ABI_VERSION, exported } from '../../ts/core/variant.js';
import { operations } from '../../ts/memory/job.js';
import { binRules } from '../../ts/plans/bins.js';
import { arrangementNumber } from '../../ts/plans/plan-cache.js';
import { roiRules } from '../../ts/pools/roi-options.js';
import { root, textOf } from './markdown.js';

/** The build puts the host's part there. Nothing here runs it. */
vi.mock('#platform', () => ({ platform: {} }));

const page = textOf('docs/abi.md');
const boundary = readdirSync(join(root, 'crate/src/wasm'))
  .map((file) => readFileSync(join(root, 'crate/src/wasm', file), 'utf8'))
  .join('\n');

/** The rows of the table under a heading, without the markup of code. */
function table(heading: string): string[][] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = section.split(/^#/m);
  const rows = own.split('\n').filter((line) => line.startsWith('|'));
  return rows
    .slice(2)
    .map((row) => row.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.replaceAll('`', '').trim()));
}

/** The numbers that the page gives to names. */
const numbered = (heading: string) =>
  Object.fromEntries(table(heading).map(([number, name]) => [name, Number(number)]));

/** The documented functions, and the names of their arguments. */
const functions = table('Functions').map(([signature = '']) => {
  const [, name = '', list = ''] = signature.match(/^(\w+)\((.*)\)$/) ?? [];
  return { name, parameters: list.split(', ').filter(Boolean) };
});

const names = functions.map(({ name }) => name);

/** Exports that the page names without making them part of the ABI. */
const others = table('Exports that are not part of the ABI').map(([name = '', modules = '']) => ({
  name,
  modules,
}));

describe.each(['simd', 'scalar'])('%s.wasm', (variant) => {
  let module: WebAssembly.Module;
  beforeAll(() => {
    module = new WebAssembly.Module(readFileSync(join(root, 'dist', 'wasm', `${variant}.wasm`)));
  });

  test('has the exports that the page names, and no other', () => {
    const documented = [...names, 'memory', ...others.map(({ name }) => name)];
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(documented.sort());
  });

  test('imports nothing', () => expect(WebAssembly.Module.imports(module)).toEqual([]));

  test('has the version of the page, and functions of as many arguments', () => {
    const { exports } = new WebAssembly.Instance(module);
    const kernels = exports as Record<string, (...numbers: number[]) => number>;
    expect(page).toContain(`gives the version that this page describes: **${kernels.abi_version?.()}**`);
    for (const { name, parameters } of functions) expect(kernels[name]?.length, name).toBe(parameters.length);
  });
});

test('simd-threads.wasm has the same functions', () => {
  const module = new WebAssembly.Module(readFileSync(join(root, 'dist', 'wasm', 'simd-threads.wasm')));
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  expect(exports).toEqual(expect.arrayContaining(names));
  expect(exports.filter((name) => !name.startsWith('__')).sort()).toEqual([...names].sort());
});

test('arguments have the names of the code', () => {
  for (const { name, parameters } of functions) {
    const [, list = ''] =
      boundary.match(new RegExp(`#\\[wasm_bindgen\\]\\s*pub fn ${name}\\(([^)]*)\\)`)) ?? [];
    expect(
      [...list.matchAll(/(\w+): usize/g)].map(([, parameter]) => parameter),
      name,
    ).toEqual(parameters);
  }
});

test('numbers are those of the code', () => {
  expect(ABI_VERSION).toBe(Number(page.match(/describes: \*\*(\d+)\*\*/)?.[1]));
  expect(new Set(names)).toEqual(new Set(exported));
  expect(numbered('Operations')).toEqual(operations);
  expect(numbered('Rules of bins')).toEqual(binRules);
  const arrangements = outputOrders.flatMap((order) =>
    layouts.map((layout) => [String(arrangementNumber(layout, order)), layout, order]),
  );
  expect(table('Arrangements')).toEqual(arrangements);
  const maps = Object.entries(dataTypes).filter(([, { element }]) => element >= 0);
  expect(numbered('Element types')).toEqual(
    Object.fromEntries(maps.map(([name, { element }]) => [name, element])),
  );
  for (const [, name = '', bytes] of table('Element types')) {
    expect(dataTypes[name as keyof typeof dataTypes].raw.BYTES_PER_ELEMENT, name).toBe(Number(bytes));
  }
});

test('rules of regions have their numbers, and the numbers that they take', () => {
  const rules = Object.entries(roiRules).map(([name, { number, defaults }]) => [
    String(number),
    name,
    Object.keys(defaults).join(', '),
  ]);
  expect(table('Rules of regions')).toEqual(rules);
});

test.each([
  ['A job', 'Job'],
  ['A request for regions', 'Request'],
])('%s is laid out as the code has it', (heading, name) => {
  const [, body = ''] =
    boundary.match(new RegExp(`#\\[repr\\(C\\)\\][^{]*pub struct ${name} \\{([^}]*)\\}`)) ?? [];
  let at = 0;
  const fields = [...body.matchAll(/pub (\w+): (usize|\[f64; 3\]),/g)].map(([, field, type]) => {
    const [size, align] = type === 'usize' ? [4, 4] : [24, 8];
    at = Math.ceil(at / align) * align + size;
    return [String(at - size), field];
  });
  expect(fields.length).toBeGreaterThan(0);
  expect(table(heading).map(([byte, field]) => [byte, field])).toEqual(fields);
});

describe('run_checked', () => {
  /** Runs the gradient of one level of a bin over a map of 2 x 2 in the only place of the indices. */
  async function backward(rule: 'map' | keyof typeof roiRules, index: number) {
    const { instance } = await WebAssembly.instantiate(readFileSync(join(root, 'dist', 'wasm', 'simd.wasm')));
    const { memory, ...kernels } = instance.exports as Record<string, never>;
    const call = (name: string, ...numbers: number[]) =>
      (kernels[name] as unknown as (...numbers: number[]) => number)(...numbers) >>> 0;
    const block = (words: number[] | Float32Array) => {
      const address = call('alloc', 4 * words.length);
      const { buffer } = memory as unknown as WebAssembly.Memory;
      if (words instanceof Float32Array) new Float32Array(buffer, address).set(words);
      else new Uint32Array(buffer, address).set(words);
      return address;
    };
    const level = block([1, 1]);
    const request = (name: keyof typeof roiRules) => {
      const [map, rois] = [[1, 2, 2], block(Float32Array.of(0, 0, 0, 1, 1))];
      const numbers = new Uint32Array(Float64Array.of(1, 0, 0).buffer);
      return block([...map, level, 1, 0, roiRules[name].number, rois, 1, 0, ...numbers]);
    };
    const plan = rule === 'map' ? call('plan_new', 2, 2, level, 1, 0, 0) : call('regions_new', request(rule));
    const gradient = block(Float32Array.of(7, 7, 7, 7));
    const indices = block([index]);
    const operation = rule === 'map' ? operations.backward : operations.regionsBackward;
    const job = block([plan, 1, 1, operation, gradient, block(Float32Array.of(4)), indices, 0]);
    const words = call(rule === 'map' ? 'plan_scratch' : 'regions_scratch', plan, operation, 0);
    const ran = call('run_checked', job, call('alloc', 4 * words));
    const { buffer } = memory as unknown as WebAssembly.Memory;
    return { ran, gradient: [...new Float32Array(buffer, gradient, 4)] };
  }

  test('runs where indices are those of cells, and leaves all as it was where not', async () => {
    expect(await backward('map', 3)).toEqual({ ran: 1, gradient: [0, 0, 0, 4] });
    for (const index of [4, -1])
      expect(await backward('map', index)).toEqual({ ran: 0, gradient: [7, 7, 7, 7] });
  });

  test('-1 is an index of regions', async () => {
    expect(await backward('roi-pool', -1)).toEqual({ ran: 1, gradient: [0, 0, 0, 0] });
    expect(await backward('roi-pool', 4)).toEqual({ ran: 0, gradient: [7, 7, 7, 7] });
  });

  test('samples read no indices', async () => {
    const { ran, gradient } = await backward('roi-align', 9);
    expect([ran, gradient.reduce((sum, value) => sum + value)]).toEqual([1, 4]);
  });
});
