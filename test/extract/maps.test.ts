/** Feature maps that are there already, in each form of file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { Table, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import { createPyramidPool } from 'pyramid-pool';
import { expect, test } from 'vitest';
import { aggregateRegions } from '../../extract/ts/model/rmac.js';
import { expectBits, expectClose } from '../unit/bits.js';
import { failedOf, partsOf, runCommand, temporaryFolder, vectorsOf } from './command.js';

const folder = temporaryFolder();
const CHANNELS = 4;

/** A map of its own size, with values that no other has. */
function mapOf(i: number) {
  const [height, width] = [3 + (i % 4), 2 + ((i * 3) % 5)];
  const data = Float32Array.from({ length: CHANNELS * height * width }, (_, k) => Math.sin(i * 100 + k * k));
  return { data, height, width, shape: [CHANNELS, height, width] };
}

const maps = Array.from({ length: 30 }, (_, i) => mapOf(i));
const bytesOf = ({ data }: { data: Float32Array }) => new Uint8Array(data.buffer);

async function expected(i: number): Promise<Float32Array> {
  const pool = await createPyramidPool({ levels: [2, 1] });
  const { data, shape } = maps[i]!;
  return pool.forward({ data, dims: [1, ...shape] }).data;
}

const ids = maps.map((_, i) => `map ${i}`);
const utf8 = new arrow.Utf8();
const sizes = (name: 'height' | 'width') =>
  arrow.vectorFromArray(
    maps.map((map) => map[name]),
    new arrow.Int32(),
  );
const floats = new arrow.List(new arrow.Field('item', new arrow.Float32(), true));

const tensor = new arrow.Struct([
  new arrow.Field('data', floats, true),
  new arrow.Field(
    'shape',
    new arrow.FixedSizeList(3, new arrow.Field('item', new arrow.Int32(), true)),
    true,
  ),
]);

/** Three batches of ten rows. */
function inBatches(table: arrow.Table): arrow.Table {
  return new arrow.Table(
    table.schema,
    [0, 10, 20].flatMap((start) => table.slice(start, start + 10).batches),
  );
}

const struct = inBatches(
  new arrow.Table({
    id: arrow.vectorFromArray(ids, utf8),
    map: arrow.vectorFromArray(
      maps.map(({ data, shape }) => ({ data: [...data], shape })),
      tensor,
    ),
  }),
);
const binary = new arrow.Table({
  id: arrow.vectorFromArray(ids, utf8),
  map: arrow.vectorFromArray(maps.map(bytesOf), new arrow.Binary()),
  height: sizes('height'),
  width: sizes('width'),
});
const list = new arrow.Table({
  features: arrow.vectorFromArray(
    maps.map(({ data }) => [...data]),
    floats,
  ),
  h: sizes('height'),
  w: sizes('width'),
});

function parquet(table: arrow.Table): Uint8Array {
  const properties = new WriterPropertiesBuilder().setMaxRowGroupSize(10).build();
  return writeParquet(Table.fromIPCStream(arrow.tableToIPC(table, 'stream')), properties);
}

function npy(map: { data: Float32Array }, shape: readonly number[], type = '<f4'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = `${text.padEnd(117)}\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([start, length, Buffer.from(header), bytesOf(map)]);
}

const forms: Record<string, { file: string; bytes: Uint8Array; id(i: number): string }> = {
  'Arrow file, tensors of any shape': {
    file: 'a.arrow',
    bytes: arrow.tableToIPC(struct, 'file'),
    id: (i) => `map ${i}`,
  },
  'Arrow stream': { file: 'a.arrows', bytes: arrow.tableToIPC(struct, 'stream'), id: (i) => `map ${i}` },
  'Parquet of them': { file: 'a.parquet', bytes: parquet(struct), id: (i) => `map ${i}` },
  'Parquet, bytes beside sizes': { file: 'a.parquet', bytes: parquet(binary), id: (i) => `map ${i}` },
  'Parquet, lists beside sizes, without ids': {
    file: 'a.parquet',
    bytes: parquet(list),
    id: (i) => `a.parquet#${Math.floor(i / 10)}/${i % 10}`,
  },
};

test.concurrent.each(Object.entries(forms))('%s', async (form, { file, bytes, id }) => {
  const place = join(folder, form);
  mkdirSync(place);
  writeFileSync(join(place, file), bytes);
  const { code, text } = await runCommand(
    place,
    '--levels',
    '2,1',
    '--workers',
    '1',
    '--out',
    join(place, 'out'),
  );
  expect(code, text).toBe(0);
  const vectors = await vectorsOf(join(place, 'out'));
  expect(vectors.size).toBe(maps.length);
  for (let i = 0; i < maps.length; i++) expectBits(vectors.get(id(i))!, await expected(i), id(i));
  // A part for each batch or row group; a stream cannot tell where they begin.
  expect(Object.keys(partsOf(join(place, 'out'))).length).toBe(file === 'a.arrows' ? 1 : 3);
  if (file !== 'a.parquet') return;
  const verified = await runCommand('verify', join(place, 'out'), '--workers', '1');
  expect(verified.code, verified.text).toBe(0);
});

test('npy files, and what is wrong with some', async () => {
  const place = join(folder, 'npy');
  mkdirSync(place);
  const [first, second] = [maps[0]!, maps[1]!];
  writeFileSync(join(place, 'one.npy'), npy(first, first.shape));
  const batch = { data: Float32Array.of(...second.data, ...second.data) };
  writeFileSync(join(place, 'batch.npy'), npy(batch, [2, ...second.shape]));
  writeFileSync(join(place, 'double.npy'), npy(first, first.shape, '<f8'));
  writeFileSync(join(place, 'short.npy'), npy(first, [CHANNELS, 90, 90]));
  writeFileSync(join(place, 'flat.npy'), npy(first, [first.data.length]));
  writeFileSync(join(place, 'text.npy'), 'no array');
  const { code, text } = await runCommand(place, '--levels', '2,1', '--out', join(place, 'out'));
  expect(code, text).toBe(3);
  const vectors = await vectorsOf(join(place, 'out'));
  expectBits(vectors.get('one.npy')!, await expected(0), 'one');
  for (const id of ['batch.npy#0', 'batch.npy#1']) expectBits(vectors.get(id)!, await expected(1), id);
  expect(failedOf(join(place, 'out'))).toEqual({
    'double.npy': "its elements are of '<f8', but must be '<f4' (float32)",
    'short.npy': expect.stringContaining('its shape (4, 90, 90) needs 129600'),
    'flat.npy': expect.stringContaining('must be (channels, height, width)'),
    'text.npy': 'the file is no .npy file',
  });
});

test('a file without maps says which columns it has', async () => {
  const place = join(folder, 'none');
  mkdirSync(place);
  writeFileSync(join(place, 'a.parquet'), parquet(new arrow.Table({ id: arrow.vectorFromArray(ids, utf8) })));
  const { code, text } = await runCommand(place, '--levels', '2,1', '--out', join(place, 'out'));
  expect(code).toBe(1);
  expect(text).toContain('has 0 columns that can be maps; its columns are id (Utf8)');
});

test('R-MAC: maxima of regions, each normalised, summed, normalised', async () => {
  const rows = [3, 4, 0, 0, 0, 0, 0, 5];
  expectClose(
    aggregateRegions(Float32Array.from(rows), 2),
    Float32Array.of(0.6 / Math.hypot(0.6, 1.8), 1.8 / Math.hypot(0.6, 1.8)),
    1e-6,
    'rmac',
  );
  expect([...aggregateRegions(new Float32Array(6), 3)]).toEqual([0, 0, 0]);
  const place = join(folder, 'rmac');
  mkdirSync(place);
  writeFileSync(join(place, 'a.arrow'), arrow.tableToIPC(struct, 'file'));
  const { code, text } = await runCommand(place, '--rmac', '2', '--out', join(place, 'out'));
  expect(code, text).toBe(0);
  for (const vector of (await vectorsOf(join(place, 'out'))).values()) {
    expect(vector.length).toBe(CHANNELS);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  }
});
