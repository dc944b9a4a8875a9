/** `pyramid-pool/static`, in a realm that has only the language and WebAssembly. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const dist = new URL('../../dist/', import.meta.url).href;

/** Runs a script over `load`, which loads a module of `dist` and all it imports into a bare realm. */
function run(script: string) {
  const prelude = `
    import { readFileSync } from 'node:fs';
    import vm from 'node:vm';
    const context = vm.createContext({});
    const modules = new Map();
    const options = { context };
    function read(url) {
      if (!modules.has(url.href)) {
        const module = new vm.SourceTextModule(readFileSync(url, 'utf8'), { ...options, identifier: url.href });
        modules.set(url.href, module);
      }
      return modules.get(url.href);
    }
    const builtIn = async (name) => {
      const all = await import(name);
      const names = Object.keys(all);
      return new vm.SyntheticModule(names, function () {
        for (const name of names) this.setExport(name, all[name]);
      }, { context });
    };
    const link = (name, { identifier }) => name.startsWith('node:') ? builtIn(name) : read(new URL(name, identifier));
    async function load(path) {
      const module = read(new URL(path, '${dist}'));
      await module.link(link);
      await module.evaluate();
      return module.namespace;
    }
    const allow = () => {
      options.importModuleDynamically = async (name, { identifier }) => {
        const module = await link(name, { identifier });
        if (module.status === 'unlinked') await module.link(link);
        await module.evaluate();
        return module;
      };
    };
    const map = { data: Float32Array.of(1, 2, 3, 4), dims: [1, 2, 2] };
    const code = (error) => [error.name, error.code, error.message.includes("'pyramid-pool/static'")];
  `;
  const flags = [
    '--no-warnings',
    '--experimental-vm-modules',
    '--input-type=module',
    '--eval',
    prelude + script,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 30_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('works where there is no import() and no global of the web', () => {
  const script = `
    const { createPyramidPool, createRuntime, createRoiPyramidPool } = await load('browser/static.js');
    const pool = await createPyramidPool({ levels: [1] });
    const { output, indices } = pool.forwardWithIndices(map);
    const gradient = pool.backward(output, { dims: map.dims, indices });
    const regions = await createRoiPyramidPool({ levels: [1] });
    const [row] = regions.forward(map, { data: Float32Array.of(0, 0, 0, 1, 1), dims: [1, 5] }).data;
    const given = new WebAssembly.Module(readFileSync(new URL('${dist}wasm/simd.wasm')));
    const own = await createRuntime({ wasm: given, threads: 4 });
    console.log(JSON.stringify([
      output.data[0], indices.data[0], [...gradient.data], row, pool.runtime.variant, own.threads, own.fallback,
    ]));`;
  expect(run(script)).toEqual([
    4,
    3,
    [0, 0, 0, 4],
    4,
    'simd',
    1,
    'pyramid-pool/static carries the simd variant only',
  ]);
});

test('says what a host lacks', () => {
  const script = `
    const { createPyramidPool } = await load('browser/static.js');
    const failed = () => createPyramidPool({ levels: [1] }).catch(({ code, message }) => [code, message]);
    vm.runInContext('WebAssembly.validate = () => false', context);
    const withoutSimd = await failed();
    vm.runInContext('delete globalThis.WebAssembly', context);
    console.log(JSON.stringify([withoutSimd, await failed()]));`;
  expect(run(script)).toEqual([
    [
      'unsupported',
      'this host has no WebAssembly SIMD, and pyramid-pool/static carries the simd variant only',
    ],
    ['unsupported', 'this host has no WebAssembly'],
  ]);
});

test('says what it cannot do there', () => {
  const script = `
    const { createRuntime } = await load('browser/static.js');
    const failed = (wasm) => createRuntime({ wasm }).catch(({ code, message }) => [code, message]);
    console.log(JSON.stringify([await failed('https://example.org/simd.wasm'), await failed({})]));`;
  expect(run(script)).toEqual([
    [
      'invalid-options',
      'options.wasm is a URL, and this host loads none, but must be bytes or a WebAssembly.Module',
    ],
    [
      'invalid-options',
      'options.wasm is an object, but must be bytes, a WebAssembly.Module, a Response or a URL',
    ],
  ]);
});

test('shares the memory of a runtime of another thread', () => {
  const script = `
    const { createRuntime } = await import('${dist}node/index.js');
    const runtime = await createRuntime({ variant: 'simd-threads' });
    const tensor = runtime.tensor(map.dims);
    tensor.data.set(map.data);
    const { attachRuntime, createPyramidPool } = await load('browser/static.js');
    const attached = await attachRuntime(runtime.handle());
    const pool = await createPyramidPool({ levels: [1], runtime: attached });
    console.log(JSON.stringify([...pool.forward(attached.adopt(tensor.handle())).data]));
    attached.dispose();
    runtime.dispose();`;
  expect(run(script)).toEqual([4]);
});

test.each(['browser', 'node'])('the main entry for %s names it where import() is forbidden', (host) => {
  const script = `
    const { createPyramidPool, createRuntime, attachRuntime } = await load('${host}/index.js');
    const other = await import('${dist}node/index.js');
    const runtime = await other.createRuntime({ variant: 'simd-threads' });
    const ways = [
      () => createPyramidPool({ levels: [1] }),
      () => createRuntime({ variant: 'scalar' }),
      () => createRuntime({ variant: 'simd' }),
      () => attachRuntime(runtime.handle()),
    ];
    console.log(JSON.stringify(await Promise.all(ways.map((way) => way().catch(code)))));
    runtime.dispose();`;
  const right = ['PyramidPoolError', 'unsupported', true];
  expect(run(script)).toEqual([right, right, right, right]);
});

test('the main entry assumes no global of the web either', () => {
  const script = `
    allow();
    const { createPyramidPool, createRuntime } = await load('browser/index.js');
    const pool = await createPyramidPool({ levels: [1] });
    // What memory can be shared by is there, and nothing to share it with.
    context.MessageChannel = MessageChannel;
    const own = await createRuntime();
    console.log(JSON.stringify([pool.forward(map).data[0], pool.runtime.variant, own.variant, own.fallback]));`;
  expect(run(script)).toEqual([4, 'simd', 'simd', 'this host cannot start workers']);
});
