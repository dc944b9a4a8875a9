/** Runs the experiments and writes the page. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checkpoints } from './checkpoints.js';
import { countTasks, runExperiments } from './experiments.js';
import { help } from './help.mjs';
import { type Options, parseOptions, UsageError } from './options.js';
import { pageOf } from './page.js';
import { detectorPlot, sizePlot } from './plots.js';
import { ProcessPool } from './process-pool.js';
import { PaperProgress } from './progress.js';
import { FULL, QUICK } from './scale.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(words, root);
    if (options.help) console.log(help.trim());
    else await writePaper(options);
    return 0;
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function writePaper({ quick, out, processes, resume }: Options): Promise<void> {
  const scale = quick ? QUICK : FULL;
  const started = performance.now();
  const progress = new PaperProgress(
    process.stdout,
    process.stdout.isTTY && !process.env.CI,
    countTasks(scale),
  );
  const checkpoints = await Checkpoints.open(
    join(root, 'target', quick ? 'paper-tasks-quick' : 'paper-tasks'),
    scale,
    resume,
  );
  const pool = new ProcessPool(processes, scale, checkpoints, progress);
  process.once('SIGINT', () => {
    pool.end();
    progress.leave();
    process.exit(130);
  });
  try {
    const findings = await runExperiments(pool, scale);
    const minutes = (performance.now() - started) / 60_000;
    await mkdir(out, { recursive: true });
    const files = {
      'paper.md': pageOf(findings, { scale, minutes, processes, quick, resumed: resume }),
      'paper-sizes.svg': sizePlot(findings.classifiers),
      'paper-detectors.svg': detectorPlot(findings),
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(out, name), content);
    progress.leave();
    console.log(
      `Written in ${minutes.toFixed(1)} minutes: ${Object.keys(files)
        .map((name) => relative(process.cwd(), join(out, name)))
        .join(', ')}`,
    );
  } finally {
    pool.end();
  }
}
