import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { browsers, findBrowser } from '../../../scripts/browsers.mjs';
import { findPython } from '../../../scripts/python.mjs';
import { startWebKit } from '../../providers/webkit-driver.js';
import { type Channel, processChannel } from './channel.js';
import { pageChannel } from './page-channel.js';
import { workerdChannel, workerdVersion } from './workerd-channel.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const inProject = (name: string) => here(`../../../${name}`);

/** An engine that is there. */
export interface Found {
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  /** Whether it interprets, and is given less to do. */
  readonly interprets?: boolean;
  /** Whether its clock stands still while code runs, so that calls are timed from outside. */
  readonly timedOutside?: boolean;
  open(): Promise<Channel>;
}

/** What a program prints, or nothing where it cannot be run. */
function printed(program: string | undefined, args: readonly string[]): string | undefined {
  try {
    return program && execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/** A host of JavaScript that is a program. */
function script(
  name: string,
  engine: string,
  { program, args = [], version }: { program: string; args?: string[]; version: (text: string) => string },
): Found | undefined {
  const text = printed(program, ['--version']);
  if (text === undefined) return undefined;
  return {
    name,
    engine,
    version: version(text),
    open: () => processChannel(program, [...args, here('stdio.mjs')]),
  };
}

const v8Of = (program: string) => printed(program, ['-p', 'process.versions.v8'])?.split('-')[0] ?? '';

function node(name: string, program: string, args: string[] = [], tier = ''): Found | undefined {
  const version = (text: string) => `Node ${text.slice(1)}, V8 ${v8Of(program)}`;
  return script(name, `V8${tier}`, { program, args, version });
}

function python(strategy: string): Found | undefined {
  const program = findPython();
  const version = printed(program, [
    '-c',
    'from importlib.metadata import version; print(version("wasmtime"))',
  ]);
  if (!program || !version) return undefined;
  return {
    name: `wasmtime-${strategy}`,
    engine: strategy === 'winch' ? 'wasmtime, Winch' : 'wasmtime, Cranelift',
    version: `wasmtime ${version}`,
    open: () => processChannel(program, [here('remote.py'), strategy]),
  };
}

function wasmi(): Found | undefined {
  const program = inProject('target/hosts/release/examples/remote');
  if (!existsSync(program)) return undefined;
  const [, version] =
    readFileSync(inProject('demo/hosts/rust/Cargo.lock'), 'utf8').match(/name = "wasmi"\nversion = "(.*)"/) ??
    [];
  return {
    name: 'wasmi',
    engine: 'wasmi, an interpreter',
    version: `wasmi ${version}`,
    interprets: true,
    open: () => processChannel(program, []),
  };
}

function firefox(): Found | undefined {
  const program = findBrowser('firefox');
  if (!program) return undefined;
  const open = async (url: string) => {
    const { launch } = await import('puppeteer-core');
    const browser = await launch({ browser: 'firefox', executablePath: program, headless: true });
    const page = await browser.newPage();
    await page.goto(url);
    return () => browser.close();
  };
  return {
    name: 'firefox',
    engine: 'SpiderMonkey',
    version: printed(program, ['--version'])?.replace('Mozilla ', '') ?? 'Firefox',
    open: () => pageChannel(open),
  };
}

function webkit(): Found | undefined {
  const driver = findBrowser('webkit');
  if (!driver) return undefined;
  // Its driver does not tell; Debian's packages do.
  const open = async (url: string) => {
    const browser = await startWebKit(driver);
    await browser.open(url);
    return () => browser.close();
  };
  const status = printed('dpkg-query', ['--status', 'webkit2gtk-driver']);
  const version = status?.match(/^Version: ([\d.]+)/m)?.[1] ?? '';
  return {
    name: 'webkitgtk',
    engine: 'JavaScriptCore',
    version: `${browsers.webkit?.title} ${version}`.trim(),
    open: () => pageChannel(open),
  };
}

function workerd(): Found | undefined {
  const version = workerdVersion();
  return version === undefined
    ? undefined
    : {
        name: 'workerd',
        engine: 'V8',
        version: `workerd ${version}`,
        timedOutside: true,
        open: workerdChannel,
      };
}

/** All engines that are there: the first is the one that others are compared with. */
export function findEngines(): Found[] {
  const tool = (name: string) => inProject(`target/engines/node_modules/${name}`);
  const own = process.execPath;
  const plain = (text: string) => text.split('\n')[0] as string;
  const denoVersion = (text: string) =>
    `Deno ${text.match(/deno (\S+)/)?.[1]}, V8 ${text.match(/v8 ([\d.]+)/)?.[1]}`;
  const all = [
    node('node', own),
    node('node-liftoff', own, ['--liftoff-only'], ', Liftoff alone'),
    node('node22', tool('node22/bin/node')),
    node('node24', tool('node24/bin/node')),
    script('deno', 'V8', {
      program: tool('.bin/deno'),
      args: ['run', '-A', '--no-remote'],
      version: denoVersion,
    }),
    workerd(),
    script('bun', 'JavaScriptCore', { program: tool('.bin/bun'), version: (text) => `Bun ${plain(text)}` }),
    webkit(),
    firefox(),
    python('cranelift'),
    python('winch'),
    wasmi(),
  ];
  return all.filter((found) => found !== undefined);
}
