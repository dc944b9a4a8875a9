/** The command over images of all sizes and kinds gives the library's bits, also when it is divided into slices, killed and continued. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectBits } from '../unit/bits.js';
import {
  failedOf,
  manifestOf,
  partsOf,
  type Run,
  runCommand,
  startCommand,
  temporaryFiles,
  temporaryFolder,
  vectorsOf,
  waitUntil,
} from './command.js';
import { makePhotos, type Photos } from './photos.js';
import { model, referenceVectors } from './reference.js';

const folder = temporaryFolder();
const out = (name: string) => join(folder, name);
let photos: Photos;
/** The parts of a run that nothing happened to. */
let whole: Record<string, string>;

/** Arguments of a run of one thread: the tests run several beside each other. */
const args = (name: string, ...more: string[]) => [
  photos.folder,
  ...[
    '--model',
    model,
    '--out',
    out(name),
    '--part-size',
    '10',
    '--engine',
    'web',
    '--workers',
    '1',
    ...more,
  ],
];

beforeAll(async () => {
  photos = await makePhotos(join(folder, 'photos'), 220);
  const { code, text } = await runCommand(...args('whole', '--workers', '2'));
  expect(code, text).toBe(3);
  whole = partsOf(out('whole'));
});

/** Tests of whole runs go on beside each other: each writes to folders of its own. */
describe.concurrent('runs', { timeout: 180_000 }, () => {
  test('vectors have the bits of the library, and broken images are named with a reason', async () => {
    const vectors = await vectorsOf(out('whole'));
    expect([...vectors.keys()].sort()).toEqual([...photos.good].sort());
    for (const [id, expected] of await referenceVectors(photos.folder, photos.good)) {
      expectBits(vectors.get(id)!, expected, id);
    }
    const failed = failedOf(out('whole'));
    expect(Object.keys(failed).sort()).toEqual([...photos.broken].sort());
    for (const reason of Object.values(failed)) expect(reason).toMatch(/\w{3}/);
    expect(manifestOf(out('whole'))).toMatchObject({
      options: { engine: 'web', partSize: 10 },
      input: { files: 220, parts: 22 },
      counts: { parts: 22, vectors: photos.good.length, failed: photos.broken.length },
      vectorLength: 10,
    });
    expect(temporaryFiles(out('whole'))).toEqual([]);
  });

  test('one thread, and slices of several machines, write the same bytes', async () => {
    const runs = [
      startCommand(args('one', '--allow-failures')),
      startCommand(args('slices', '--shard', '0/2', '--allow-failures')),
      startCommand([...args('slices', '--allow-failures')], {
        SLURM_ARRAY_TASK_ID: '2',
        SLURM_ARRAY_TASK_MIN: '1',
        SLURM_ARRAY_TASK_COUNT: '2',
      }),
    ];
    for (const it of runs) {
      const { code, text } = await it;
      expect(code, text).toBe(0);
    }
    expect(partsOf(out('one'))).toEqual(whole);
    expect(partsOf(out('slices'))).toEqual(whole);
    expect(manifestOf(out('slices')).counts).toEqual(manifestOf(out('whole')).counts);
  });

  test('a run that was killed goes on, and writes the same bytes', async () => {
    for (const parts of [1, 9]) await stopInTheMiddle('killed', parts, 'SIGKILL');
    const { code, text } = await runCommand(...args('killed'));
    expect(code, text).toBe(3);
    expect(text).toMatch(/ already\./);
    expect(partsOf(out('killed'))).toEqual(whole);
    expect(failedOf(out('killed'))).toEqual(failedOf(out('whole')));
    expect(temporaryFiles(out('killed'))).toEqual([]);
  });

  test('Ctrl-C ends it cleanly, and the same command goes on', async () => {
    const { code, text } = await stopInTheMiddle('interrupted', 2, 'SIGINT');
    expect(code, text).toBe(130);
    expect(text).toContain('goes on from here');
    expect(temporaryFiles(out('interrupted'))).toEqual([]);
    const there = Object.keys(partsOf(out('interrupted'))).length;
    expect(there).toBeLessThan(22);
    expect(manifestOf(out('interrupted')).counts.parts).toBe(there);
    expect((await runCommand(...args('interrupted'))).code).toBe(3);
    expect(partsOf(out('interrupted'))).toEqual(whole);
  });

  test('a reader of its output that goes away does not end it', async () => {
    const running = startCommand(args('unheard', '--shard', '0/4', '--allow-failures'));
    running.child.stdout!.destroy();
    running.child.stderr!.destroy();
    expect((await running).code).toBe(0);
    expect(Object.keys(partsOf(out('unheard')))).toHaveLength(6);
  });

  test('two runs at once in one folder do each other no harm', async () => {
    const both = [startCommand(args('both')), startCommand(args('both'))];
    for (const { code, text } of await Promise.all(both)) expect(code, text).toBe(3);
    expect(partsOf(out('both'))).toEqual(whole);
    expect(manifestOf(out('both')).counts).toEqual(manifestOf(out('whole')).counts);
  });

  test('a part that was cut off is made again', async () => {
    const [first] = Object.keys(whole);
    spawnSync('cp', ['-r', out('whole'), out('cut')]);
    writeFileSync(join(out('cut'), first!), 'PAR1');
    const { code, text } = await runCommand(...args('cut'));
    expect(code, text).toBe(3);
    expect(partsOf(out('cut'))).toEqual(whole);
  });

  test('other options, or other inputs, do not mix with the parts that are there', async () => {
    const { code, text } = await runCommand(...args('whole', '--preset', 'unit'));
    expect(code).toBe(1);
    expect(text).toContain('options.images.mean was [0.485,0.456,0.406] and is [0]');
    expect(text).toContain('--fresh');
    expect(partsOf(out('whole'))).toEqual(whole);
    spawnSync('cp', ['-r', out('whole'), out('fresh')]);
    const fresh = await runCommand(...args('fresh', '--preset', 'unit', '--fresh', '--shard', '0/1'));
    expect(fresh.text).toContain('--fresh with a slice');
    const again = await runCommand(...args('fresh', '--preset', 'unit', '--fresh'));
    expect(again.code, again.text).toBe(3);
    expect(Object.keys(partsOf(out('fresh'))).length).toBe(22);
    expect(Object.keys(partsOf(out('fresh')))).not.toEqual(Object.keys(whole));
  });

  test('verify finds nothing wrong, and what was made wrong', async () => {
    const right = await runCommand('verify', out('whole'), '--sample', '30', '--workers', '2');
    expect(right.code, right.text).toBe(0);
    expect(right.text).toContain('30 vectors computed again: the same bits');
    const [first, second, third] = Object.keys(whole);
    spawnSync('cp', ['-r', out('whole'), out('wrong')]);
    spawnSync('cp', [join(out('wrong'), second!), join(out('wrong'), third!)]);
    spawnSync('rm', [join(out('wrong'), first!)]);
    const wrong = await runCommand('verify', out('wrong'), '--sample', '5', '--workers', '1');
    expect(wrong.code).toBe(1);
    expect(wrong.text).toContain('missing part: 1');
    expect(wrong.text).toContain('double id: 10');
    expect(wrong.text).toContain('missing input: 10');
  });

  const tmpfs = join(folder, 'tmpfs');
  mkdirSync(tmpfs);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48k', 'tmpfs', tmpfs]).status === 0;

  test.skipIf(!mounted)(
    'a full disk is an error, and the run goes on when there is room (needs to mount a tmpfs)',
    async () => {
      try {
        const { code, text } = await runCommand(...args('tmpfs'));
        expect(code, text).toBe(1);
        expect(text).toContain('the disk is full');
        expect(temporaryFiles(tmpfs)).toEqual([]);
        spawnSync('mount', ['-o', 'remount,size=4m', tmpfs]);
        const again = await runCommand(...args('tmpfs'));
        expect(again.code, again.text).toBe(3);
        expect(partsOf(tmpfs)).toEqual(whole);
      } finally {
        spawnSync('umount', [tmpfs]);
      }
    },
  );
});

/** Files of parts in a folder that may not be there yet. */
const countParts = (name: string) =>
  existsSync(out(name)) ? readdirSync(out(name)).filter((file) => file.startsWith('part-')).length : 0;

/** Stops a run after it has written so many parts. If the run ended before it could be stopped, it is started again. */
async function stopInTheMiddle(name: string, parts: number, signal: NodeJS.Signals): Promise<Run> {
  for (;;) {
    const running = startCommand(args(name));
    await waitUntil(() => countParts(name) >= parts, `${parts} parts`);
    running.child.kill(signal);
    const result = await running;
    if (countParts(name) < Object.keys(whole).length) return result;
    rmSync(out(name), { recursive: true });
  }
}
