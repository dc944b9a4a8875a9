/** The queue: when workers or the broker are killed, no vector is lost or written twice, and the parts have the same bytes. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Broker, redisProgram } from './broker.js';
import {
  failedOf,
  manifestOf,
  partsOf,
  type Running,
  runCommand,
  startCommand,
  temporaryFolder,
  waitUntil,
} from './command.js';
import { makePhotos, sharp } from './photos.js';
import { model } from './reference.js';

const folder = temporaryFolder();
const out = (name: string) => join(folder, name);
const photos = join(folder, 'photos');
/** Few images, of which each takes a while. */
const large = join(folder, 'large');

const options = (from: string, name: string) => [
  from,
  ...['--model', model, '--out', out(name), '--engine', 'web', '--part-size', from === large ? '2' : '8'],
];

/** Files of parts in a folder that may not be there yet. */
const partsIn = (name: string) =>
  existsSync(out(name)) ? readdirSync(out(name)).filter((file) => file.startsWith('part-')) : [];

/** How often a worker says that it has made each part. */
const madeBy = (text: string) => [...text.matchAll(/part-\S+(?=, \d+ vectors?)/g)].map(([name]) => name);

describe.skipIf(!redisProgram).concurrent('a queue (needs redis-server)', { timeout: 180_000 }, () => {
  let expected: Record<string, Record<string, string>>;

  /** A broker for one test, and what is started for it. */
  interface Queue {
    readonly broker: Broker;
    /** A worker whose shards go to another one soon after it has died. */
    startWorker(address?: string): Running;
    enqueue(from: string, name: string, ...more: string[]): Running;
  }

  /** Tests run beside each other, each with a broker of its own. */
  function queueTest(title: string, body: (queue: Queue) => Promise<void>): void {
    test(title, async () => {
      const broker = await Broker.start(join(folder, `redis ${title}`));
      const started: Running[] = [];
      const follow = (running: Running) => {
        started.push(running);
        return running;
      };
      const to = ['--queue', broker.address];
      try {
        await body({
          broker,
          startWorker: (address = broker.address) =>
            follow(startCommand(['work', '--queue', address, '--workers', '1', '--lock', '1'])),
          enqueue: (from, name, ...more) =>
            follow(
              startCommand([...options(from, name), ...to, '--name', name, '--allow-failures', ...more]),
            ),
        });
      } finally {
        for (const { child } of started) child.kill('SIGKILL');
        await Promise.all(started);
        await broker.kill();
      }
    });
  }

  async function expectWhole(
    name: string,
    from: string,
    following: Promise<{ code: number | null; text: string }>,
  ) {
    const { code, text } = await following;
    expect(code, text).toBe(0);
    expect(partsOf(out(name))).toEqual(expected[from]);
    const { counts, input } = manifestOf(out(name));
    expect(counts.parts).toBe(input.parts);
    expect(counts.vectors + counts.failed).toBe(input.files);
  }

  beforeAll(async () => {
    mkdirSync(large);
    for (let i = 0; i < 6; i++) {
      const image = sharp({
        create: { width: 1100 + i, height: 900, channels: 3, background: { r: 40 * i, g: 9, b: 80 } },
      });
      writeFileSync(join(large, `${i}.png`), await image.png({ compressionLevel: 1 }).toBuffer());
    }
    await makePhotos(photos, 40);
    const alone = [
      runCommand(...options(photos, 'alone'), '--allow-failures'),
      runCommand(...options(large, 'large alone')),
    ];
    for (const { code, text } of await Promise.all(alone)) expect(code, text).toBe(0);
    expected = { [photos]: partsOf(out('alone')), [large]: partsOf(out('large alone')) };
  });

  queueTest(
    'two workers make the bytes of one machine, and end after what is under way',
    async ({ startWorker, enqueue }) => {
      const [first, second] = [startWorker(), startWorker()];
      await expectWhole('two', photos, enqueue(photos, 'two'));
      expect(failedOf(out('two'))).toEqual(failedOf(out('alone')));
      for (const { child } of [first, second]) child.kill('SIGTERM');
      const [a, b] = await Promise.all([first, second]);
      expect([a!.code, b!.code], a!.text + b!.text).toEqual([0, 0]);
      const made = [...madeBy(a!.text), ...madeBy(b!.text)];
      expect(made.sort(), 'each part is made once').toEqual(
        Object.keys(expected[photos]!).map((file) => file.replace('.parquet', '')),
      );
      const again = await enqueue(photos, 'two');
      expect(again.code, again.text).toBe(0);
      expect(again.text).not.toContain('to make');
    },
  );

  queueTest('a shard that takes longer than its lock is made once', async ({ broker, startWorker }) => {
    const worker = startWorker();
    // Decoding and computing of all six in one part.
    const args = [...options(large, 'long'), '--queue', broker.address, '--part-size', '6'];
    const { code, text } = await startCommand(args);
    expect(code, text).toBe(0);
    worker.child.kill('SIGTERM');
    expect(madeBy((await worker).text)).toHaveLength(1);
  });

  queueTest('a worker that is killed in the middle of a shard', async ({ broker, startWorker, enqueue }) => {
    const following = enqueue(large, 'killed');
    const killed = startWorker();
    await broker.waitForActive(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    killed.child.kill('SIGKILL');
    startWorker();
    await expectWhole('killed', large, following);
  });

  queueTest(
    'a worker that is killed after its part is written and before it has said so',
    async ({ broker, startWorker, enqueue }) => {
      const following = enqueue(large, 'unsaid');
      const line = await broker.startProxy();
      const killed = startWorker(line.address);
      await broker.waitForActive(1);
      line.cut();
      const told = partsIn('unsaid');
      const untold = () => partsIn('unsaid').find((file) => !told.includes(file));
      await waitUntil(() => untold() !== undefined, 'a part');
      const part = untold()!.replace('.parquet', '');
      killed.child.kill('SIGKILL');
      await killed;
      const other = startWorker();
      await expectWhole('unsaid', large, following);
      other.child.kill('SIGTERM');
      const made = (await other).text.split('\n').find((line) => line.includes(part));
      expect(made).toContain('was there');
    },
  );

  queueTest(
    'a worker that stood still, whose shard another one has made meanwhile',
    async ({ broker, startWorker, enqueue }) => {
      const following = enqueue(large, 'still');
      const still = startWorker();
      await broker.waitForActive(1);
      still.child.kill('SIGSTOP');
      startWorker();
      await waitUntil(() => partsIn('still').length >= 2, 'two parts of the other one');
      still.child.kill('SIGCONT');
      await expectWhole('still', large, following);
    },
  );

  for (const loses of [false, true]) {
    const title = loses
      ? 'a broker that is killed and has lost its jobs'
      : 'a broker that is killed and goes on from its file';
    queueTest(title, async ({ broker, startWorker, enqueue }) => {
      const name = loses ? 'lost' : 'restarted';
      const following = enqueue(large, name);
      startWorker();
      await waitUntil(() => partsIn(name).length > 0, 'a part');
      await broker.kill();
      if (loses) broker.deleteData();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await broker.start();
      await expectWhole(name, large, following);
    });
  }

  queueTest(
    'the command that has filled the queue is killed, and follows again',
    async ({ broker, startWorker, enqueue }) => {
      const first = enqueue(large, 'followed');
      await waitUntil(
        () => partsIn('followed').length === 0 && existsSync(join(out('followed'), 'manifest.json')),
        'a manifest',
      );
      startWorker();
      await broker.waitForActive(1);
      first.child.kill('SIGKILL');
      await first;
      await expectWhole('followed', large, enqueue(large, 'followed'));
    },
  );

  queueTest(
    'a worker that would make other vectors makes none and says so',
    async ({ startWorker, enqueue }) => {
      const file = join(folder, 'model.onnx');
      copyFileSync(model, file);
      const following = enqueue(photos, 'elsewhere', '--model', file);
      await waitUntil(() => existsSync(join(out('elsewhere'), 'manifest.json')), 'a manifest');
      // What another machine may have under the same path.
      copyFileSync(join(model, '../../exported/pyramid-new.onnx'), file);
      const { code, text } = await startWorker();
      expect(code, text).toBe(1);
      expect(text).toContain('this machine would make other vectors');
      expect(partsIn('elsewhere')).toEqual([]);
      copyFileSync(model, file);
      startWorker();
      await expectWhole('elsewhere', photos, following);
    },
  );

  test('an address where nothing answers', async () => {
    const { code, text } = await startCommand([...options(photos, 'none'), '--queue', 'redis://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(text).toContain('no Redis or Valkey answers at redis://127.0.0.1:1');
  });
});
