import { spawn } from 'node:child_process';
import { root } from './project.mjs';

/** A failure that its message explains in full. */
export class Failure extends Error {}

/** Stops with a sentence for the person at the terminal. */
export function fail(sentence) {
  throw new Failure(sentence);
}

const tailLines = 40;
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill();
});

class Skipped {
  constructor(why) {
    this.why = why;
  }
}

/** The result of a step that had nothing to do, with the reason. */
export const skipped = (why) => new Skipped(why);

/**
 * Does `work` and prints one line for it, with the time it took. The line says `title`, or what `work`
 * returns: a string, or `skipped(why)`, whose line starts with a dot instead of a tick.
 */
export async function step(title, work) {
  const start = performance.now();
  const seconds = () => `(${((performance.now() - start) / 1000).toFixed(1)} s)`;
  const since = underWay.add(title);
  try {
    const result = await work();
    underWay.end(since, lineOf(result, title, seconds()));
    return result;
  } catch (error) {
    underWay.end(since, `✗ ${title} ${seconds()}`);
    throw error;
  }
}

function lineOf(result, title, seconds) {
  if (result instanceof Skipped) return `· ${result.why} ${seconds}`;
  return `✓ ${typeof result === 'string' ? result : title} ${seconds}`;
}

/**
 * Runs a command and returns what it printed to stdout, and `withErrors` to stderr too; a failure shows the end of all that it
 * printed.
 */
export async function run(cmd, args, { env = process.env, cwd = root, withErrors = false } = {}) {
  const child = start(cmd, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    all += text;
  });
  const why = await ending(child);
  if (why)
    throw new Failure(
      `${all.trimEnd().split('\n').slice(-tailLines).join('\n')}\n${sentence(cmd, args, why)}`,
    );
  return withErrors ? all : out;
}

/** Runs a command that talks to the terminal itself, such as a test runner. */
export async function show(cmd, args, { env = process.env, cwd = root } = {}) {
  const why = await ending(start(cmd, args, { env, cwd, stdio: 'inherit' }));
  if (why) throw new Failure(sentence(cmd, args, why));
}

/** Whether a command can be run and succeeds. */
export async function succeeds(cmd, args, options) {
  return run(cmd, args, options).then(
    () => true,
    () => false,
  );
}

function start(cmd, args, options) {
  const child = spawn(cmd, args, options);
  children.add(child);
  return child;
}

/** Resolves to why the command failed, or to nothing. */
function ending(child) {
  return new Promise((resolve) => {
    const end = (why) => {
      children.delete(child);
      resolve(why);
    };
    child.on('error', (error) =>
      end(error.code === 'ENOENT' ? 'is not installed' : `could not start: ${error.message}`),
    );
    child.on('close', (code, signal) =>
      end(code === 0 ? undefined : signal ? `was ended by ${signal}` : `failed with code ${code}`),
    );
  });
}

const sentence = (cmd, args, why) => `${[cmd, ...args].join(' ')}: ${why}.`;

/** The line at the foot of a terminal that names the steps under way. */
const underWay = {
  steps: new Set(),
  timer: undefined,

  add(title) {
    const entry = { title, start: performance.now() };
    this.steps.add(entry);
    if (process.stdout.isTTY) this.timer ??= setInterval(() => this.draw(), 200).unref();
    return entry;
  },

  end(entry, line) {
    this.steps.delete(entry);
    this.wipe();
    console.log(line);
    if (this.steps.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  },

  draw() {
    const text = [...this.steps].map(
      ({ title, start }) => `${title} ${Math.round((performance.now() - start) / 1000)} s`,
    );
    this.wipe();
    process.stdout.write(`… ${text.join(', ')}`.slice(0, process.stdout.columns - 1));
  },

  wipe() {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  },
};
