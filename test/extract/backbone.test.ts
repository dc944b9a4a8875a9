/** What is put on a model, and what runs it: the bits of the library's own calls. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as ort from 'onnxruntime-web';
import { createRoiPyramidPool, rmacRegions } from 'pyramid-pool';
import { beforeAll, describe, expect, test } from 'vitest';
import { engineVersion } from '../../extract/ts/model/engine.js';
import { aggregateRegions } from '../../extract/ts/model/rmac.js';
import { expectBits } from '../unit/bits.js';
import { partsOf, runCommand, temporaryFolder, vectorsOf } from './command.js';
import { makePhotos, type Photos } from './photos.js';
import { model, referenceOutputs, referenceVectors } from './reference.js';

const folder = temporaryFolder();
const out = (name: string) => join(folder, name);
/** A value of the model before its pyramid. */
const MAP = 'relu_1';
let photos: Photos;

beforeAll(async () => {
  photos = await makePhotos(join(folder, 'photos'), 24);
});

async function extract(name: string, ...more: string[]): Promise<string> {
  const { code, text } = await runCommand(photos.folder, '--model', model, '--out', out(name), ...more);
  expect(code, text).toBe(3);
  return text;
}

async function expectVectors(name: string, expected: ReadonlyMap<string, Float32Array>) {
  const vectors = await vectorsOf(out(name));
  expect([...vectors.keys()].sort()).toEqual([...photos.good].sort());
  for (const [id, vector] of vectors) expectBits(vector, expected.get(id)!, id);
}

test('a pyramid on a value of a model', async () => {
  const pyramid = ['--at', MAP, '--levels', '3x2,1', '--reduction', 'average'];
  await extract('pyramid', '--engine', 'web', ...pyramid);
  const option = { at: MAP, levels: [[3, 2], 1], reduction: 'average' } as const;
  await expectVectors('pyramid', await referenceVectors(photos.folder, photos.good, { pyramid: option }));
});

test('R-MAC of a value of a model', async () => {
  await extract('rmac', '--engine', 'web', '--at', MAP, '--rmac');
  const pool = await createRoiPyramidPool({ levels: [1], rule: 'roi-pool' });
  const maps = await referenceOutputs(photos.folder, photos.good, { outputs: [MAP] });
  const expected = [...maps].map(([path, { data, dims }]) => {
    const [, channels, height, width] = dims as [number, number, number, number];
    const map = { data: data as Float32Array, dims };
    const maxima = pool.forward(map, rmacRegions(height, width, 3)).data;
    return [path, aggregateRegions(maxima, channels)] as const;
  });
  await expectVectors('rmac', new Map(expected));
});

describe.skipIf(!engineVersion('node'))('onnxruntime-node (needs it beside pyramid-pool-extract)', () => {
  test('it is the engine where none is asked for, and gives its own bits with any number of threads', async () => {
    const text = await extract('node', '--workers', '2', '--part-size', '5');
    expect(text).toContain(`by ${engineVersion('node')}`);
    await extract('node, one', '--workers', '1', '--part-size', '5', '--engine', 'node');
    expect(partsOf(out('node, one'))).toEqual(partsOf(out('node')));
    const load = createRequire(new URL('../../extract/package.json', import.meta.url));
    const native: typeof ort = load('onnxruntime-node');
    await expectVectors('node', await referenceVectors(photos.folder, photos.good, { ort: native }));
    const verified = await runCommand('verify', out('node'));
    expect(verified.code, verified.text).toBe(0);
  });
});
