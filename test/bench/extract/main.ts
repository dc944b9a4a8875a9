/** Measures pyramid-pool-extract: its parts, what it takes beyond its network, its queue, and its threads. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Broker, redisProgram } from '../../extract/broker.js';
import { imagesPerSecond, startCommand } from './command.js';
import { rateOfNetwork, timeParts } from './parts.js';
import { printReport, printSizes, type Round, writeReport, writeSizes } from './report.js';
import { measureSizes } from './sizing.js';
import { LEVELS, makeModel, writePhotos } from './workload.js';

const PART_SIZE = 5;
/** Each thread of the network alone runs for so long. */
const SECONDS = 5;

const script = fileURLToPath(import.meta.url);

/** The images a second that the network alone processes, in one process or in several at once. */
async function rateOfNetworks(processes: number, args: readonly string[]): Promise<number> {
  const rates = Array.from({ length: processes }, () => {
    const child = fork(script, ['network', ...args], { execArgv: ['--import', 'tsx'] });
    return new Promise<number>((resolve, reject) => {
      child.on('message', (rate) => resolve(rate as number));
      child.on('error', reject);
      child.on('exit', (code) => code !== 0 && reject(new Error(`the network alone ended with ${code}`)));
    });
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

async function measure(folder: string, rounds: number, images: number, shouldWrite: boolean): Promise<void> {
  const [photos, model] = [join(folder, 'photos'), join(folder, 'model.onnx')];
  const broker = redisProgram ? await Broker.start(join(folder, 'redis')) : undefined;
  const worker = broker && startCommand(['work', '--queue', broker.address, '--workers', '2']);
  try {
    const names = await writePhotos(photos, images);
    writeFileSync(model, makeModel());
    const run = [photos, '--model', model, '--levels', LEVELS.join(), '--engine', 'web'];
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const tool = (name: string, ...more: string[]) =>
        imagesPerSecond([...run, ...more], join(folder, `${name} ${round}`), PART_SIZE);
      measured.push({
        parts: await timeParts(photos, names.slice(0, 30), model, join(folder, `parts ${round}`)),
        network: await rateOfNetworks(2, [photos, names[0]!, model]),
        one: await tool('one', '--workers', '1'),
        two: await tool('two', '--workers', '2'),
        queue: broker && (await tool('queue', '--queue', broker.address)),
      });
    }
    printReport(measured);
    if (shouldWrite) writeReport(measured);
  } finally {
    worker?.kill('SIGKILL');
    await broker?.kill();
  }
}

async function measureModels(folder: string, shouldWrite: boolean): Promise<void> {
  const sizes = await measureSizes(folder);
  printSizes(sizes);
  if (shouldWrite) writeSizes(sizes);
}

/** Gives a folder to something that measures, and removes it. */
async function inFolder(measureIn: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-extract-'));
  try {
    await measureIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'network') {
  const [photos, name, model] = rest as [string, string, string];
  process.send!(await rateOfNetwork(photos, name, model, SECONDS));
  process.disconnect();
} else if (first === 'models') {
  await inFolder((folder) => measureModels(folder, rest.includes('--write')));
} else {
  const [rounds, images] = [first, rest[0]].map(Number) as [number, number];
  await inFolder((folder) => measure(folder, rounds, images, rest.includes('--write')));
}
