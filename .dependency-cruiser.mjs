// The layers of the project, lowest first. `npm run layers` fails on a circle of imports, and on an import of a layer above.

/** The folders of ts/; folders in one row do not import one another. */
const library = [
  ['core'],
  ['arguments', 'platform'],
  ['memory'],
  ['plans'],
  ['threads'],
  ['runtime'],
  ['pools'],
  ['tfjs', 'onnx'],
];

/** The folders of demo/. */
const demo = [
  ['ink', 'model'],
  ['train', 'plain-js', 'onnx', 'edge'],
  ['data'],
  ['samples', 'site'],
  ['detect'],
  ['terminal', 'paper'],
  ['backbone'],
  ['page'],
  ['camera'],
];

/** The folders of demo/page. */
const page = [['styles', 'ui'], ['net'], ['home', 'pool', 'train', 'windows', 'measure'], ['shell']];

/** The folders of extract/ts. */
const extract = [
  ['core'],
  ['images', 'maps'],
  ['model'],
  ['parts'],
  ['plan', 'threads'],
  ['commands'],
  ['queue'],
  ['cli'],
];

/** Rules that hold the folders under `root` to these layers. */
function layersOf(root, layers) {
  const folder = (names) => `^${root}/(${names.join('|')})/`;
  const upward = layers.map((names, i) => {
    const others = [...names.filter(() => names.length > 1), ...layers.slice(i + 1).flat()];
    return {
      name: `${root}/${names.join(',')}: nothing above it`,
      severity: 'error',
      // The folder itself is `$1`.
      from: { path: folder(names) },
      to: { path: folder(others), pathNot: `^${root}/$1/` },
    };
  });
  const unknown = {
    name: `${root}: every folder has a layer`,
    severity: 'error',
    comment: 'Give the folder its place in .dependency-cruiser.mjs.',
    from: { path: `^${root}/[^/]+/`, pathNot: folder(layers.flat()) },
    to: {},
  };
  return [...upward.filter(({ to }) => to.path !== folder([])), unknown];
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'the package knows nothing of its tests, tools and demo',
      severity: 'error',
      from: { path: '^ts/' },
      to: { path: '^(test|scripts|demo|dist)/' },
    },
    {
      name: 'the demo uses the package as its users do',
      severity: 'error',
      from: { path: '^demo/' },
      to: { path: '^ts/' },
    },
    {
      name: 'ts: no folder imports an entry above it',
      severity: 'error',
      from: { path: '^ts/[^/]+/' },
      to: { path: '^ts/[^/]+$' },
    },
    {
      name: 'pyramid-pool-extract uses the package as its users do',
      severity: 'error',
      from: { path: '^extract/' },
      to: { path: '^(ts|test|scripts|demo)/' },
    },
    ...layersOf('ts', library),
    ...layersOf('extract/ts', extract),
    ...layersOf('demo', demo),
    ...layersOf('demo/page', page),
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|target|dist)/' },
    // Consumers of the packed package have their own dependencies.
    exclude: { path: '^test/package/consumers/' },
    // Types are imports too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
