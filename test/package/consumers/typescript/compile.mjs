/** Compiles the files in `types` with every version of TypeScript and every library that users may have. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const at = { 5.2: 'typescript-5.2', 5.6: 'typescript-5.6', 5.9: 'typescript-5.9', '6.0': 'typescript' };
const libraries = {
  es2022: ['es2022'],
  esnext: ['esnext'],
  'es2022 dom': ['es2022', 'dom'],
  'esnext dom': ['esnext', 'dom'],
};

const options = (version, lib) => ({
  compilerOptions: {
    // The resolution of old, which does not read `exports`, and that of bundlers.
    module: 'esnext',
    ...(lib.includes('dom')
      ? { moduleResolution: 'bundler' }
      : { moduleResolution: 'node', ...(version === '6.0' && { ignoreDeprecations: '6.0' }) }),
    target: 'es2022',
    lib,
    types: [],
    strict: true,
    exactOptionalPropertyTypes: lib.includes('esnext'),
    noUncheckedIndexedAccess: lib.includes('esnext'),
    skipLibCheck: false,
    noEmit: true,
  },
  files: lib.includes('dom') ? ['../types/results.ts', '../types/web.ts'] : ['../types/results.ts'],
});

// The types of ONNX Runtime take what they need from the library `dom`, and are not checked themselves.
const forOnnx = (base) => ({
  compilerOptions: { ...base.compilerOptions, skipLibCheck: true, exactOptionalPropertyTypes: false },
  files: ['../types/onnx.ts'],
});

mkdirSync('configs', { recursive: true });
const queue = Object.entries(at).flatMap(([version, folder]) =>
  Object.entries(libraries).flatMap(([name, lib]) => {
    const title = `${version} ${name}`;
    const base = options(version, lib);
    return [
      [title, folder, base],
      ...(name === 'esnext dom' ? [[`${title} onnx`, folder, forOnnx(base)]] : []),
    ];
  }),
);

async function compile(title, folder, config) {
  const file = `configs/${title.replaceAll(' ', '-')}.json`;
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [require.resolve(`${folder}/bin/tsc`), '--project', file]);
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('exit', resolve));
  if (code === 0) return;
  process.exitCode = 1;
  console.error(`TypeScript ${title}:\n${output}`);
}

async function work() {
  for (let next = queue.shift(); next; next = queue.shift()) await compile(...next);
}
await Promise.all([work(), work()]);
