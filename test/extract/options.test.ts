/** Wrong command lines, and what an array scheduler says. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRun } from '../../extract/ts/cli/run-options.js';
import { readBytes } from '../../extract/ts/cli/values.js';
import { reasonOf } from '../../extract/ts/core/errors.js';
import { listParts } from '../../extract/ts/parts/read-parts.js';
import { listInputs } from '../../extract/ts/plan/inputs.js';
import { defaultPartSize, makeShards } from '../../extract/ts/plan/shards.js';
import { readSlice } from '../../extract/ts/plan/slice.js';
import { runCommand, temporaryFolder } from './command.js';
import { model } from './reference.js';

const folder = temporaryFolder();
const photos = join(folder, 'photos');
for (const path of ['a.jpg', 'b/c.PNG', 'b/notes.txt', '[x].jpg', 'maps.npy']) {
  mkdirSync(join(photos, 'b'), { recursive: true });
  writeFileSync(join(photos, path), path);
}

const pathsOf = async (...patterns: string[]) =>
  (await listInputs(patterns, ['.jpg', '.png'])).files.map(({ path, bytes }) => `${path} ${bytes}`);

/** Runs a function as a user without access to all files, if the tests run as root. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  const NOBODY = 65534;
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid!(NOBODY);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

describe('inputs', () => {
  test('a folder gives the files whose names say that they are images', async () => {
    const { root, leftOut } = await listInputs([photos], ['.jpg', '.png']);
    expect({ root, leftOut }).toEqual({ root: photos, leftOut: 2 });
    expect(await pathsOf(photos)).toEqual(['[x].jpg 7', 'a.jpg 5', 'b/c.PNG 7']);
  });

  test('patterns, files whose names look like patterns, and several folders', async () => {
    expect(await pathsOf(`${photos}/**/*.jpg`)).toEqual(['[x].jpg 7', 'a.jpg 5']);
    expect(await pathsOf(`${photos}/[x].jpg`)).toEqual(['[x].jpg 7']);
    expect(await pathsOf(`${photos}/b`, `${photos}/a.jpg`)).toEqual(['a.jpg 5', 'b/c.PNG 7']);
    expect(await pathsOf(photos, photos)).toHaveLength(3);
  });

  test('a pattern has the start of its path as it is written, where that is there', async () => {
    const odd = join(folder, 'odd (1) [2]');
    for (const path of ['a/1.jpg', 'a/b/2.jpg', 'c/3.jpg', '.h/4.jpg', 'n\n/6\n.jpg', '!5.jpg']) {
      mkdirSync(dirname(join(odd, path)), { recursive: true });
      writeFileSync(join(odd, path), path);
    }
    const found = async (pattern: string) =>
      (await listInputs([`${odd}/${pattern}`], [])).files.map(({ path }) => path);
    expect(await found('**/*.jpg')).toEqual(['!5.jpg', 'a/1.jpg', 'a/b/2.jpg', 'c/3.jpg', 'n\n/6\n.jpg']);
    expect(await found('*/*.jpg')).toEqual(['a/1.jpg', 'c/3.jpg', 'n\n/6\n.jpg']);
    expect(await found('{a,c}/*.jpg')).toEqual(['a/1.jpg', 'c/3.jpg']);
    expect(await found('{a/b,c}/*.jpg')).toEqual(['a/b/2.jpg', 'c/3.jpg']);
    expect(await found('a*'), 'a folder that matches is taken whole').toEqual(['a/1.jpg', 'a/b/2.jpg']);
    expect(await found('.h/*.jpg')).toEqual(['4.jpg']);
    expect(await found('.[h]/*.jpg')).toEqual(['.h/4.jpg']);
    expect(await found('!5.jpg')).toEqual(['!5.jpg']);
    expect(await found('[!]5.jpg')).toEqual(['!5.jpg']);
    await expect(found('d/*.jpg')).rejects.toThrow('there is no such folder as');
  });

  test('links are followed, but not back; one that leads nowhere is an input that fails', async () => {
    const linked = join(folder, 'linked');
    mkdirSync(join(linked, 'a', 'b'), { recursive: true });
    writeFileSync(join(linked, 'a', 'b', '1.jpg'), '1');
    for (const [path, to] of [
      ['back', '.'],
      ['a/b/up', '../..'],
      ['other', photos],
      ['itself.jpg', 'itself.jpg'],
      ['nowhere.jpg', 'nowhere'],
      ['2.jpg', 'a/b/1.jpg'],
    ] as const)
      symlinkSync(to, join(linked, path));
    const files = ['2.jpg 1', 'a/b/1.jpg 1', 'other/[x].jpg 7', 'other/a.jpg 5'];
    const broken = ['itself.jpg 0', 'nowhere.jpg 0'];
    expect((await pathsOf(`${linked}/**/*.jpg`)).sort()).toEqual([...files, ...broken].sort());
    expect((await pathsOf(linked)).sort()).toEqual([...files, ...broken, 'other/b/c.PNG 7'].sort());
    // As a shell names the files that a pattern of its own matches.
    expect(await pathsOf(join(linked, '2.jpg'), join(linked, 'nowhere.jpg'))).toEqual([
      '2.jpg 1',
      'nowhere.jpg 0',
    ]);
  });

  test('links that lead to each other are followed once each', async () => {
    const circle = join(folder, 'circle');
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ] as const) {
      mkdirSync(join(circle, name), { recursive: true });
      writeFileSync(join(circle, name, '1.jpg'), '1');
      for (const link of ['x', 'y']) symlinkSync(`../${other}`, join(circle, name, link));
    }
    const folders = ['a', 'a/x', 'a/x/x', 'a/x/y', 'a/y', 'a/y/x', 'a/y/y'];
    const files = folders.map((path) => `${path}/1.jpg 1`);
    expect(await pathsOf(join(circle, 'a'))).toEqual(files.map((path) => path.slice('a/'.length)));
    const expected = ['a', 'b', 'c'].flatMap((from) => files.map((path) => from + path.slice(1)));
    expect(await pathsOf(circle)).toEqual(expected.sort());
    expect(await pathsOf(`${circle}/**/*.jpg`)).toEqual(expected);
  });

  test('parts are no inputs, but files that other programs call much the same are', async () => {
    const both = join(folder, 'both');
    mkdirSync(both);
    const spark = 'part-00000-1f0c3d2e-9a7b-4c56-8d3e-0123456789ab-c000.snappy.parquet';
    const own = makeShards([{ path: 'a', bytes: 1 }], 1, 'run')[0]!.name;
    for (const name of [spark, `${own}.parquet`, 'maps.parquet']) writeFileSync(join(both, name), '');
    for (const inputs of [both, `${both}/*.parquet`]) {
      const { files } = await listInputs([inputs], ['.parquet']);
      expect(files.map(({ path }) => path)).toEqual(['maps.parquet', spark]);
    }
    expect([...(await listParts(both)).keys()]).toEqual([own]);
  });

  test('a folder that may not be read is an input that fails', async () => {
    const closed = join(folder, 'closed');
    for (const name of ['in', 'listed']) mkdirSync(join(closed, name), { recursive: true });
    for (const path of ['a.jpg', 'in/b.jpg', 'listed/c.jpg']) writeFileSync(join(closed, path), path);
    for (const within of [folder, closed]) chmodSync(within, 0o755);
    chmodSync(join(closed, 'in'), 0);
    // Names can be listed, but not what they stand for.
    chmodSync(join(closed, 'listed'), 0o444);
    try {
      await asOrdinaryUser(async () => {
        const found = ['a.jpg 5', expect.stringMatching(/^in \d+$/), 'listed/c.jpg 0'];
        expect(await pathsOf(closed)).toEqual(found);
        expect(await pathsOf(`${closed}/**/*.jpg`)).toEqual(found);
        await expect(pathsOf(join(closed, 'in'))).rejects.toThrow('could not be looked into');
      });
    } finally {
      for (const name of ['in', 'listed']) chmodSync(join(closed, name), 0o700);
    }
  });

  test('a part has as many files as lets all cores work', () => {
    expect([1, 2000, 6400, 1e6].map(defaultPartSize)).toEqual([16, 32, 100, 256]);
    const pieces = Array.from({ length: 25 }, (_, i) => ({ path: `${i}`, bytes: i }));
    const shards = makeShards(pieces, 10, 'run');
    expect(shards.map((it) => it.pieces.length)).toEqual([10, 10, 5]);
    expect(shards).toEqual(makeShards(pieces, 10, 'run'));
    const others = makeShards(pieces, 10, 'another run');
    expect(others.some(({ name }, i) => name === shards[i]!.name)).toBe(false);
    const changed = makeShards([{ path: '0', bytes: 9 }, ...pieces.slice(1)], 10, 'run');
    expect(changed.map(({ name }, i) => name === shards[i]!.name)).toEqual([false, true, true]);
  });
});

describe('slices', () => {
  test.each([
    ['3/64', {}, { index: 3, count: 64 }],
    [undefined, {}, undefined],
    [undefined, { AWS_BATCH_JOB_ARRAY_INDEX: '2', AWS_BATCH_JOB_ARRAY_SIZE: '4' }, { index: 2, count: 4 }],
    ['auto', { CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '9' }, { index: 0, count: 9 }],
    ['auto/8', { JOB_COMPLETION_INDEX: '7' }, { index: 7, count: 8 }],
    [undefined, { JOB_COMPLETION_INDEX: '7', JOB_COMPLETIONS: '9' }, { index: 7, count: 9 }],
    ['0/1', { JOB_COMPLETION_INDEX: '7' }, { index: 0, count: 1 }],
    [
      'auto',
      {
        SLURM_ARRAY_TASK_ID: '7',
        SLURM_ARRAY_TASK_MIN: '1',
        SLURM_ARRAY_TASK_STEP: '2',
        SLURM_ARRAY_TASK_COUNT: '5',
      },
      { index: 3, count: 5 },
    ],
  ])('%s with %o', (text, env, slice) => {
    const read = readSlice(text, env as Record<string, string>);
    expect(read && { index: read.index, count: read.count }).toEqual(slice);
  });

  test.each([
    ['4/4', {}, 'counted from 0: 0/4 to 3/4'],
    ['1/0', {}, 'counted from 0'],
    ['3', {}, 'i/n'],
    ['a/b', {}, 'i/n'],
    ['auto', {}, 'no array scheduler'],
    [undefined, { JOB_COMPLETION_INDEX: '7' }, '--shard auto/64'],
    ['auto/4', { JOB_COMPLETION_INDEX: 'x' }, "JOB_COMPLETION_INDEX is 'x'"],
  ])('%s with %o is refused', (text, env, words) => {
    expect(() => readSlice(text, env as Record<string, string>)).toThrow(words);
  });
});

test('a reason has no path in it, and says what is wrong with a name', async () => {
  for (const id of ['new\nline, open.jpg', 'a.jpg', 'caf\uFFFD.jpg']) {
    const error = await readFile(join(folder, 'nowhere', id)).catch((it: unknown) => it);
    const expected = id.includes('\uFFFD')
      ? 'its name is not in UTF-8: rename it'
      : 'ENOENT: no such file or directory';
    expect(reasonOf(error, id)).toBe(expected);
  }
});

test('amounts of memory', () => {
  expect(['64MB', '2g', '1.5GiB', '100000000'].map((text) => readBytes('--memory', text))).toEqual([
    64e6,
    2e9,
    1.5 * 2 ** 30,
    1e8,
  ]);
  for (const text of ['1', 'much', '-1GB', '3XB', ''])
    expect(() => readBytes('--memory', text)).toThrow('8GB');
});

describe('a wrong option is named', () => {
  const out = join(folder, 'out');
  test.each([
    [{ levels: '4,0' }, "--levels is '4,0'"],
    [{ levels: '4', rmac: '3' }, '--levels and --rmac exclude each other'],
    [{ reduction: 'max' }, '--reduction needs --levels'],
    [{ levels: '4', reduction: 'mean' }, 'max or average'],
    [{ rmac: '101' }, 'from 1 to 100'],
    [{ mean: '1,2' }, '--mean'],
    [{ std: '0' }, 'other than 0'],
    [{ preset: 'other' }, 'imagenet or unit'],
    [{ order: 'GBR' }, 'RGB or BGR'],
    [{ longestSide: '0' }, '--longest-side'],
    [{ background: 'nice' }, '#rrggbb'],
    [{ engine: 'gpu' }, 'node or web'],
    [{ column: 'map' }, '--column is for feature maps'],
    [{ filesFrom: '/nowhere/list' }, 'exclude each other'],
    [{ model: undefined }, '--model FILE for images'],
    [{ model: undefined, levels: '2', preset: 'unit' }, '--preset is for images'],
    [{ model: '/nowhere/model.onnx' }, 'could not be read'],
    [{ model: folder }, 'is no file'],
  ])('%o', async (flags, words) => {
    await expect(readRun([photos], { model, out, ...flags })).rejects.toThrow(words);
  });

  test('a list of files may have the line ends of Windows', async () => {
    const filesFrom = join(folder, 'list.txt');
    writeFileSync(filesFrom, `${photos}/a.jpg\r\n${photos}/b/c.PNG\r\n`);
    const { files } = await readRun([], { model, out, filesFrom });
    expect(files.map(({ path }) => path)).toEqual(['a.jpg', 'b/c.PNG']);
  });

  test('inputs that are not there, or of the other kind', async () => {
    await expect(readRun(['/nowhere'], { model, out })).rejects.toThrow('no such file');
    await expect(readRun([join(photos, 'a.jpg')], { levels: '2', out })).rejects.toThrow('--model FILE');
    await expect(readRun([join(folder, 'none*')], { model, out })).rejects.toThrow('no files to read');
  });
});

test('the command itself: help, misuse, a model that gives no vector', async () => {
  const [help, misuse, unknown, map] = await Promise.all([
    runCommand('--help'),
    runCommand(photos, '--model', model),
    runCommand(photos, '--model', model, '--out', join(folder, 'out'), '--sizes', '3'),
    runCommand(photos, '--model', model, '--at', 'relu_1', '--out', join(folder, 'map')),
  ]);
  expect(help.code).toBe(0);
  for (const word of ['--levels', '--rmac', '--memory', 'verify', 'Exit codes'])
    expect(help.text).toContain(word);
  expect(misuse.code).toBe(2);
  expect(misuse.text).toContain("required option '-o, --out <folder>'");
  expect(unknown.code).toBe(2);
  expect(unknown.text).toContain("unknown option '--sizes'");
  expect(map.code).toBe(1);
  expect(map.text).toContain('put a pyramid on it, such as --levels 4,2,1');
});
