/** What `pyramid-pool/onnx` has for Node: its command, large models, and the Python file, where a Python with torch is found. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-web';
import { createModel, makePortable } from 'pyramid-pool/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonFile, operatorsText, pythonFile, withOperators } from '../../scripts/onnx-operators.mjs';
import { expectNear, exported, exportedFile, setUpOrt } from '../interop/onnx-files.js';
import { model, node, numbers, value } from '../interop/onnx-graphs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the project, where packages are found by their names.
const folder = mkdtempSync(join(root, 'target', 'onnx-'));
beforeAll(setUpOrt);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the command', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'dist', 'node', 'cli.js'), ...args],
      {
        encoding: 'utf8',
      },
    );
    return { status, out: stdout.trim(), error: stderr.trim() };
  };
  const file = join(root, 'test', 'interop', 'onnx', 'exported', 'psp-new.onnx');
  const written = join(folder, 'written.onnx');

  test('says what is in a model', () => {
    const { status, out } = run('onnx', file);
    expect(status).toBe(0);
    expect(out).toContain('x float32 [n, 3, h, w]');
    expect(out.match(/pyramid 1/g)?.length).toBe(4);
    expect(run('onnx', file, '--values').out).toContain('relu float32 [n, 8, h, w]');
  });

  test.each([[[]], [['--inline']]])('writes a portable model (%s)', async (flags) => {
    expect(run('onnx', file, '-o', written, ...flags)).toMatchObject({ status: 0, error: '' });
    const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(written)));
    for (const { feeds, outputs } of exportedFile('psp-new.onnx').runs)
      expectNear(await session.run(feeds), outputs);
  });

  test('puts a pyramid on a value', async () => {
    const flags = ['--pyramid', '3,2x1', '--at', 'relu', '--reduction', 'average'];
    expect(run('onnx', file, '--output', written, ...flags)).toMatchObject({ status: 0, error: '' });
    const bytes = new Uint8Array(readFileSync(written));
    const made = await createModel(bytes, { ort });
    expect(made.pools[0]).toMatchObject({
      levels: [
        [3, 3],
        [2, 1],
      ],
      reduction: 'average',
      input: 'relu',
    });
    expect(run('onnx', file, ...flags).out).toContain('SpatialPyramidPool (average) of relu');
    const ordered = run('onnx', file, ...flags, '--output-order', 'channels', '-o', written);
    expect(ordered.out).toContain('SpatialPyramidPool (average, by channel) of relu');
    const byChannel = await createModel(new Uint8Array(readFileSync(written)), { ort });
    expect(byChannel.pools[0]).toMatchObject({ levels: made.pools[0]!.levels, outputOrder: 'channels' });
    // Without what comes after: no other weight is there.
    expect(bytes.length).toBeLessThan(readFileSync(file).length);
  });

  test('gives the Python file', () => {
    expect(run('python').out).toBe(readFileSync(pythonFile, 'utf8').trim());
  });

  test.each<[string[], string]>([
    [[], 'no command'],
    [['onxx', file], "no command 'onxx'"],
    [['onnx'], 'one ONNX file'],
    [['onnx', file, '--inlnie'], '--inlnie'],
    [['onnx', file, '--inline'], '--output'],
    [['onnx', file, '--at', 'relu'], '--pyramid'],
    [['onnx', file, '--output-order', 'channels'], '--pyramid'],
    [['onnx', file, '--pyramid', '4', '--at', 'relu', '--output-order', 'rows'], 'outputOrder'],
    [['onnx', join(folder, 'nothing.onnx')], 'nothing.onnx'],
    [['onnx', join(root, 'package.json')], 'JSON'],
    [['onnx', file, '--pyramid', '4,x', '--at', 'relu'], 'levels'],
    [['onnx', file, '--pyramid', '4', '--at', 'rleu'], "'relu'"],
    [['onnx', file, '-o', join(folder, 'no', 'folder.onnx')], 'folder.onnx'],
  ])('refuses %j', (args, part) => {
    const { status, out, error } = run(...args);
    expect([status, out.includes('Written')]).toEqual([1, false]);
    expect(error).toContain(part);
    expect(error.split('\n').length).toBe(1);
  });

  test('helps', () => {
    expect(run('--help').out).toContain('--inline');
  });
});

test('a model above 100 MB is copied once', async () => {
  const [rows, columns] = [512, 52_000];
  const matrix = {
    name: 'matrix',
    dims: [rows, columns],
    dataType: 1,
    rawData: new Uint8Array(4 * rows * columns),
  };
  new Float32Array(matrix.rawData.buffer).set(numbers(1000));
  const bytes = model({
    input: [value('image', ['n', 512, 'h', 'w'])],
    output: [value('scores', undefined)],
    initializer: [matrix],
    node: [
      node('pyramid_pool::AdaptiveMaxPool', ['image'], ['pooled'], { output_size: [1, 1] }),
      node('Flatten', ['pooled'], ['row']),
      node('MatMul', ['row', 'matrix'], ['scores']),
    ],
  });
  expect(bytes.length).toBeGreaterThan(100e6);
  const copies = countCopies();
  const { InferenceSession, Tensor } = ort;
  // What ONNX Runtime copies into its own memory does not count.
  const create = (part: Uint8Array) => copies.without(() => InferenceSession.create(part));
  const made = await createModel(bytes, { ort: { Tensor, InferenceSession: { create } } });
  const portable = makePortable(bytes);
  expect(copies.end()).toBeLessThan(2 * bytes.length + 1e6);
  expect(portable.length).toBeLessThan(bytes.length + 1e5);
  const image = new Tensor('float32', numbers(512 * 6), [1, 512, 2, 3]);
  const { scores } = (await made.run({ image })) as Record<string, ort.Tensor>;
  expect(scores!.dims).toEqual([1, columns]);
  await made.dispose();
});

/** Counts the bytes that are copied from array to array. */
function countCopies() {
  const { set, slice } = Uint8Array.prototype;
  let [count, counts] = [0, true];
  const add = (bytes: number) => {
    if (counts) count += bytes;
  };
  Uint8Array.prototype.set = function (this: Uint8Array, from: ArrayLike<number>, at?: number) {
    add(from.length);
    set.call(this, from, at);
  };
  Uint8Array.prototype.slice = function (this: Uint8Array<ArrayBuffer>, ...range: [number?, number?]) {
    const sliced = slice.apply(this, range);
    add(sliced.length);
    return sliced;
  };
  return {
    async without<T>(work: () => Promise<T>): Promise<T> {
      counts = false;
      const done = await work();
      counts = true;
      return done;
    },
    end() {
      Object.assign(Uint8Array.prototype, { set, slice });
      return count;
    },
  };
}

describe('bodies', () => {
  test('are what the script makes of them, in both files', () => {
    expect(readFileSync(jsonFile, 'utf8')).toBe(operatorsText());
    const python = readFileSync(pythonFile, 'utf8');
    expect(withOperators(python)).toBe(python);
    expect(python).toContain(operatorsText());
  });

  test('exported files have those that this package gives them', async () => {
    // Written by Python with onnx, and by us: the same functions, node by node.
    for (const { bytes } of exported) {
      const ours = await createModel(makePortable(bytes), { ort });
      const theirs = await createModel(bytes, { ort });
      expect(ours.pools).toEqual(theirs.pools);
    }
  });
});

/** A Python with what exporting needs: the one that PYTHON names, or the first on the path. */
function findPython(): string | undefined {
  return [process.env.PYTHON, 'python3', 'python'].find((python) => {
    if (!python) return false;
    const { status } = spawnSync(python, ['-c', 'import torch, onnx, onnxscript']);
    return status === 0;
  });
}

const python = findPython();
const timeout = 300_000;

function runPython(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(python!, args, { cwd: folder, encoding: 'utf8', timeout });
  return { status, out: stdout.trim(), error: stderr.trim() };
}

describe(
  python
    ? `exported by ${python}`
    : 'exporting is left out: there is no Python with torch, onnx and onnxscript',
  () => {
    beforeAll(() => copyFileSync(pythonFile, join(folder, 'pyramid_pool_onnx.py')));

    test.runIf(python)('all networks again, by both exporters', { timeout }, async () => {
      const { status, error } = runPython(join(root, 'test', 'interop', 'onnx', 'export.py'), folder);
      expect(error.split('\n').at(-1), error).not.toContain('Error');
      expect(status).toBe(0);
      const { networks } = JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8'));
      expect(Object.keys(networks).length).toBe(8);
      for (const { files, runs } of Object.values<Answers>(networks)) {
        for (const [file, { inputs, outputs }] of Object.entries(files)) {
          const bytes = new Uint8Array(readFileSync(join(folder, file)));
          for (const made of [await createModel(bytes, { ort }), await ort.InferenceSession.create(bytes)]) {
            for (const run of runs) {
              const results = await made.run(byName(inputs, run.feeds));
              expectNear(results as Record<string, ort.Tensor>, byName(outputs, run.outputs));
            }
          }
        }
      }
    });

    test.runIf(python)('what ONNX cannot hold is refused with a sentence', { timeout }, () => {
      writeFileSync(join(folder, 'refused.py'), refused);
      const { out, error } = runPython('refused.py');
      const lines = out.split('\n');
      expect(lines.length, error).toBe(9);
      for (const exporter of ['new', 'legacy']) {
        expect(lines).toContainEqual(
          expect.stringMatching(`^${exporter} indices: .*return_indices.*forwardWithIndices`),
        );
        expect(lines).toContainEqual(
          expect.stringMatching(`^${exporter} volume: .*3 dimensions.*one after the other`),
        );
        expect(lines).toContainEqual(expect.stringMatching(`^${exporter} unused indices: fine`));
      }
      expect(lines).toContainEqual(expect.stringMatching(/^options: exporter is 'old'/));
      expect(lines).toContainEqual(expect.stringMatching(/^opset: opset is 11/));
      expect(lines).toContainEqual('files left: 2');
    });

    test.runIf(python)('the network of the documentation', { timeout }, () => {
      const [code] = /(?<=```python\n).*?(?=```)/s.exec(
        readFileSync(join(root, 'docs', 'pytorch.md'), 'utf8'),
      )!;
      writeFileSync(join(folder, 'documented.py'), code);
      const { status, error } = runPython('documented.py');
      expect(status, error).toBe(0);
      // The file that its other examples are run with is of this network.
      const described = (file: string) => {
        const command = [join(root, 'dist', 'node', 'cli.js'), 'onnx', file, '--values'];
        return spawnSync(process.execPath, command, { encoding: 'utf8' }).stdout;
      };
      const committed = join(root, 'test', 'interop', 'onnx', 'documented', 'model.onnx');
      expect(described(join(folder, 'model.onnx'))).toBe(described(committed));
    });

    test.runIf(python)('bodies are added to a file from a terminal', { timeout }, async () => {
      const { bytes, runs } = exportedFile('pyramid-new.onnx');
      writeFileSync(join(folder, 'given.onnx'), bytes);
      for (const flags of [[], ['--inline']]) {
        const { status, error } = runPython('pyramid_pool_onnx.py', 'given.onnx', '-o', 'out.onnx', ...flags);
        expect(status, error).toBe(0);
        const session = await ort.InferenceSession.create(
          new Uint8Array(readFileSync(join(folder, 'out.onnx'))),
        );
        for (const { feeds, outputs } of runs) expectNear(await session.run(feeds), outputs);
      }
    });

    test.runIf(python)('pyramids of both orders are given their bodies', { timeout }, async () => {
      const pyramid = (order: string) =>
        node('pyramid_pool::SpatialPyramidPool', ['image'], [order], {
          levels: [3, 1, 2],
          output_order: order,
        });
      const bytes = model({
        opset: 20,
        irVersion: 10,
        input: [value('image', ['n', 3, 'h', 'w'])],
        output: [value('levels', undefined), value('channels', undefined)],
        node: [pyramid('levels'), pyramid('channels')],
      });
      writeFileSync(join(folder, 'orders.onnx'), bytes);
      const { status, error } = runPython('pyramid_pool_onnx.py', 'orders.onnx', '-o', 'orders-out.onnx');
      expect(status, error).toBe(0);
      const image = new ort.Tensor('float32', numbers(2 * 3 * 5 * 7), [2, 3, 5, 7]);
      const made = await createModel(bytes, { ort });
      const session = await ort.InferenceSession.create(
        new Uint8Array(readFileSync(join(folder, 'orders-out.onnx'))),
      );
      const results = (await session.run({ image })) as Record<string, ort.Tensor>;
      expectNear((await made.run({ image })) as Record<string, ort.Tensor>, results);
      expect(results.channels!.data).not.toEqual(results.levels!.data);
    });
  },
);

interface Packed {
  dims: number[];
  data: string;
}

interface Answers {
  files: Record<string, { inputs: string[]; outputs: string[] }>;
  runs: { feeds: Packed[]; outputs: Packed[] }[];
}

function byName(names: string[], tensors: Packed[]): Record<string, ort.Tensor> {
  const unpack = ({ dims, data }: Packed) =>
    new ort.Tensor('float32', new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer), dims);
  return Object.fromEntries(tensors.map((tensor, i) => [names[i]!, unpack(tensor)]));
}

const refused = `
import os, torch, torch.nn as nn, torch.nn.functional as F
from pyramid_pool_onnx import export

class Indices(nn.Module):
    def forward(self, x):
        return F.adaptive_max_pool2d(x, 3, return_indices=True)

class Unused(nn.Module):
    def forward(self, x):
        y, indices = F.adaptive_max_pool2d(x, 3, return_indices=True)
        return y

class Volume(nn.Module):
    def forward(self, x):
        return F.adaptive_avg_pool3d(x, 3)

def attempt(title, work):
    try:
        work()
        print(f"{title}: fine")
    except ValueError as error:
        print(f"{title}: {error}")

image, volume = torch.randn(2, 3, 8, 9), torch.randn(2, 3, 8, 9, 7)
for exporter in ("new", "legacy"):
    attempt(f"{exporter} indices", lambda: export(Indices(), (image,), f"a-{exporter}.onnx", exporter=exporter))
    attempt(f"{exporter} unused indices", lambda: export(Unused(), (image,), f"b-{exporter}.onnx", exporter=exporter))
    attempt(f"{exporter} volume", lambda: export(Volume(), (volume,), f"c-{exporter}.onnx", exporter=exporter))
attempt("options", lambda: export(Unused(), (image,), "d.onnx", exporter="old"))
attempt("opset", lambda: export(Unused(), (image,), "d.onnx", opset=11))
print("files left:", sum(name[1:2] == "-" and name.endswith(".onnx") for name in os.listdir()))
`;
