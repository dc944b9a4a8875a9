/** Graphs that are hard to cut: each is run whole by ONNX Runtime Web, by its bodies, and cut by `createModel`. */
import * as ort from 'onnxruntime-web';
import { createModel, type ModelOptions, makePortable } from 'pyramid-pool/onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectNear, type Feeds, setUpOrt } from './onnx-files.js';
import {
  BOOL,
  FLOAT16,
  INT64,
  longs,
  model,
  node,
  numbers,
  type Parts,
  value,
  weights,
} from './onnx-graphs.js';

beforeAll(setUpOrt);

const image = value('image', ['n', 3, 'h', 'w']);
const conv = (input: string, filters: string, output: string) =>
  node('Conv', [input, filters], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
const max = (input: string, output: string, size: number[]) =>
  node('pyramid_pool::AdaptiveMaxPool', [input], [output], { output_size: size });
const average = (input: string, output: string, size: number[]) =>
  node('pyramid_pool::AdaptiveAveragePool', [input], [output], { output_size: size });

const picture = (height: number, width: number, batch = 1, seed = 3) =>
  new ort.Tensor('float32', numbers(batch * 3 * height * width, seed), [batch, 3, height, width]);

const sizes = [picture(13, 17), picture(7, 5, 2), picture(2, 3)];

type Options = Partial<Omit<ModelOptions, 'ort'>>;

/** Runs a model cut, by bodies, and whole with bodies as functions and inlined: all must agree. */
async function expectSame(bytes: Uint8Array<ArrayBuffer>, feeds: Feeds[], options: Options = {}) {
  const cut = await createModel(bytes, { ort, ...options });
  const bodies = await createModel(bytes, { ort, ...options, pooling: 'bodies' });
  const whole = options.outputs
    ? []
    : [
        await ort.InferenceSession.create(makePortable(bytes)),
        await ort.InferenceSession.create(makePortable(bytes, { inline: true })),
      ];
  for (const feed of [...feeds, ...feeds]) {
    const results = (await cut.run(feed)) as Record<string, ort.Tensor>;
    for (const other of [bodies, ...whole]) {
      expectNear(results, (await other.run(feed)) as Record<string, ort.Tensor>);
    }
  }
  return cut.pools;
}

const feedImages = sizes.map((it) => ({ image: it }));

/** One graph each: what it is, and how many of its pools the kernels run. */
const graphs: Record<string, { parts: Parts; feeds?: Feeds[]; pyramids: (number | undefined)[] }> = {
  'a value that skips the cut, and weights used on both sides': {
    pyramids: [0],
    parts: {
      input: [image],
      output: [value('sum', undefined)],
      initializer: [weights('filters', [3, 3, 3, 3])],
      node: [
        conv('image', 'filters', 'map'),
        max('map', 'pooled', [2, 3]),
        conv('pooled', 'filters', 'again'),
        node('ReduceMax', ['again'], ['peak'], { axes: [2, 3], keepdims: 1 }),
        node('Add', ['map', 'peak'], ['sum']),
      ],
    },
  },
  'several pools at one cut, of several values, maxima and averages': {
    pyramids: [0, 1, 2, 0],
    parts: {
      input: [image],
      output: [value('row', undefined), value('one', undefined)],
      initializer: [weights('filters', [4, 3, 3, 3])],
      node: [
        conv('image', 'filters', 'map'),
        node('Relu', ['map'], ['positive']),
        max('map', 'p4', [4, 4]),
        average('map', 'a3', [3]),
        max('positive', 'p1', [1]),
        max('map', 'p2', [2, 2]),
        ...['p4', 'a3', 'p1', 'p2'].map((name) => node('Flatten', [name], [`${name}_row`])),
        node('Concat', ['p4_row', 'a3_row', 'p1_row', 'p2_row'], ['row'], { axis: 1 }),
        node('Identity', ['p1'], ['one']),
      ],
    },
  },
  'pools in a chain, the last one an output': {
    pyramids: [0, 1, 2],
    parts: {
      input: [image],
      output: [value('last', undefined), value('second', undefined)],
      node: [
        max('image', 'first', [9, 8]),
        node('Neg', ['first'], ['turned']),
        average('turned', 'second', [4, 5]),
        max('second', 'last', [2, 2]),
      ],
    },
  },
  'several inputs, one of them for after the pools alone': {
    pyramids: [0],
    feeds: sizes.map((it) => ({ image: it, scale: new ort.Tensor('float32', [3], [1]) })),
    parts: {
      input: [value('scale', [1]), image],
      output: [value('scaled', undefined), value('twice', undefined)],
      node: [
        max('image', 'pooled', [2]),
        node('Mul', ['pooled', 'scale'], ['scaled']),
        node('Add', ['scale', 'scale'], ['twice']),
      ],
    },
  },
  'constants on both sides': {
    pyramids: [0],
    parts: {
      input: [image],
      output: [value('row', undefined), value('fixed', undefined)],
      initializer: [weights('offset', [3]), longs('shape', [-1, 12])],
      node: [
        node('Constant', [], ['axis'], { value_ints: [1, 2] }),
        node('Unsqueeze', ['offset', 'axis'], ['column']),
        node('Add', ['image', 'column'], ['moved']),
        max('moved', 'pooled', [2, 2]),
        node('Sub', ['pooled', 'column'], ['back']),
        node('Reshape', ['back', 'shape'], ['row']),
        node('Neg', ['offset'], ['fixed']),
      ],
    },
  },
  'sizes that go around the pools': {
    pyramids: [0],
    parts: {
      input: [image],
      output: [value('row', undefined)],
      initializer: [longs('zero', [0], []), longs('rest', [-1]), longs('at', [0])],
      node: [
        node('Relu', ['image'], ['map']),
        node('Shape', ['map'], ['shape']),
        node('Gather', ['shape', 'zero'], ['count']),
        node('Unsqueeze', ['count', 'at'], ['counts']),
        node('Concat', ['counts', 'rest'], ['target'], { axis: 0 }),
        max('map', 'pooled', [3]),
        node('Reshape', ['pooled', 'target'], ['row']),
      ],
    },
  },
  'pyramids: single numbers, pairs, and both reductions': {
    pyramids: [0, 1, 0],
    parts: {
      opset: 20,
      irVersion: 10,
      input: [image],
      output: [value('all', undefined)],
      node: [
        node('pyramid_pool::SpatialPyramidPool', ['image'], ['p'], { levels: [6, 3, 2, 1] }),
        node('pyramid_pool::SpatialPyramidPool', ['image'], ['q'], {
          levels: [2, 3, 1, 1],
          reduction: 'average',
        }),
        max('image', 'r', [5]),
        node('Flatten', ['r'], ['s']),
        node('Concat', ['p', 'q', 's'], ['all'], { axis: 1 }),
      ],
    },
  },
};

describe('cut', () => {
  test.each(Object.entries(graphs))('%s', async (_, { parts, feeds = feedImages, pyramids }) => {
    const pools = await expectSame(model(parts), feeds);
    const order = parts
      .node!.filter(({ domain }) => domain === 'pyramid_pool')
      .map(({ output }) => output![0]);
    const byOutput = new Map(pools.map((pool) => [pool.output, pool]));
    expect(pools.every(({ runs }) => runs === 'kernels')).toBe(true);
    // Numbered as they are met: the same number for the same pyramid.
    const found = order.map((name) => byOutput.get(name!)!.pyramid);
    const seen = [...new Set(found)];
    expect(found.map((it) => seen.indexOf(it))).toEqual(
      pyramids.map((it) => [...new Set(pyramids)].indexOf(it)),
    );
  });

  test.each([13, 14, 15, 17, 18, 19, 21, 22])('with opset %i', async (opset) => {
    const parts = graphs['pools in a chain, the last one an output']!.parts;
    await expectSame(model({ ...parts, opset }), feedImages);
  });

  test('a file whose nodes are in no order', async () => {
    const { parts } = graphs['a value that skips the cut, and weights used on both sides']!;
    const feeds = feedImages[0]!;
    const straight = await createModel(model(parts), { ort });
    const turned = await createModel(model({ ...parts, node: [...parts.node!].reverse() }), { ort });
    expectNear(
      (await turned.run(feeds)) as Record<string, ort.Tensor>,
      (await straight.run(feeds)) as Record<string, ort.Tensor>,
    );
  });

  test('values that are asked for: before, between and after the pools, and inputs', async () => {
    const { parts } = graphs['pools in a chain, the last one an output']!;
    await expectSame(model(parts), feedImages, { outputs: ['turned', 'first', 'image', 'last'] });
  });

  test('what nobody asks for is not run', async () => {
    const { parts } = graphs['pools in a chain, the last one an output']!;
    const cut = await createModel(model(parts), { ort, outputs: ['turned'] });
    expect(cut.pools.map(({ output }) => output)).toEqual(['first']);
  });

  test('maps of one axis, and maps without the axis of items', async () => {
    const line = value('image', ['n', 3, 'length']);
    const bytes = model({
      input: [line],
      output: [value('a', undefined), value('b', undefined)],
      node: [max('image', 'a', [4]), average('image', 'b', [2, 3])],
    });
    await expectSame(bytes, [{ image: new ort.Tensor('float32', numbers(3 * 3 * 11), [3, 3, 11]) }]);
  });

  test('an axis that keeps its size', async () => {
    const bytes = model({
      input: [image],
      output: [value('a', undefined), value('b', undefined)],
      node: [max('image', 'a', [-1, 2]), average('image', 'b', [1, -1])],
    });
    await expectSame(bytes, feedImages);
  });

  test('half floats', async () => {
    for (const opset of [13, 17]) {
      const bytes = model({
        opset,
        input: [image],
        output: [value('row', undefined, FLOAT16), value('wide', undefined)],
        node: [
          node('Cast', ['image'], ['map'], { to: FLOAT16 }),
          max('map', 'p', [3, 2]),
          average('map', 'a', [2, 3]),
          node('Concat', ['p_row', 'a_row'], ['row'], { axis: 1 }),
          node('Flatten', ['p'], ['p_row']),
          node('Flatten', ['a'], ['a_row']),
          node('Cast', ['row'], ['wide'], { to: 1 }),
        ].sort((a, b) => (a.output![0] === 'row' ? (b.output![0] === 'wide' ? -1 : 1) : 0)),
        // Below opset 15 the type of halves is taken from the weights.
        initializer: [{ name: 'unused', dims: [1], dataType: FLOAT16, rawData: new Uint8Array(2) }],
      });
      const cut = await createModel(bytes, { ort });
      const whole = await createModel(bytes, { ort, pooling: 'bodies' });
      for (const feeds of feedImages) {
        const { wide, row } = (await cut.run(feeds)) as Record<string, ort.Tensor>;
        expect(row!.type).toBe('float16');
        const { wide: expected } = (await whole.run(feeds)) as Record<string, ort.Tensor>;
        const far = (wide!.data as Float32Array).findIndex(
          (it, i) => !(Math.abs(it - (expected!.data as Float32Array)[i]!) <= 1e-3),
        );
        expect(far).toBe(-1);
      }
    }
  });
});

describe('elsewhere in the graph', () => {
  const branch = (name: string, nodes: Parts['node'], output: string) => ({
    name,
    node: nodes,
    output: [value(output, undefined)],
  });
  const condition = value('yes', [], BOOL);
  const feeds = [true, false].flatMap((yes) =>
    sizes.map((it) => ({ image: it, yes: new ort.Tensor('bool', [yes], []) })),
  );

  test('a branch that reads what is pooled and what goes around the pool', async () => {
    const bytes = model({
      input: [image, condition],
      output: [value('result', undefined)],
      node: [
        node('Relu', ['image'], ['map']),
        max('map', 'pooled', [2, 2]),
        node('If', ['yes'], ['result'], {
          then_branch: branch('then', [node('Neg', ['pooled'], ['a'])], 'a'),
          else_branch: branch('else', [node('Neg', ['map'], ['b'])], 'b'),
        }),
      ],
    });
    expect((await expectSame(bytes, feeds)).map(({ runs }) => runs)).toEqual(['kernels']);
  });

  test('a pool inside a branch runs by its body, beside one that kernels run', async () => {
    const bytes = model({
      input: [image, condition],
      output: [value('result', undefined)],
      node: [
        max('image', 'pooled', [6, 5]),
        node('If', ['yes'], ['result'], {
          then_branch: branch('then', [max('pooled', 'a', [2, 2])], 'a'),
          else_branch: branch('else', [average('pooled', 'b', [3, 1])], 'b'),
        }),
      ],
    });
    const pools = await expectSame(bytes, feeds);
    expect(pools.map(({ runs }) => runs)).toEqual(['kernels', 'bodies', 'bodies']);
    expect(pools[1]!.why).toContain('If');
    expect(pools[1]!.node).toContain('result');
  });

  test('a pool inside a loop runs by its body', async () => {
    const body = {
      name: 'body',
      input: [value('i', [], INT64), value('go', [], BOOL), value('state', undefined)],
      node: [
        node('Identity', ['go'], ['go_on']),
        max('state', 'smaller', [3, 3]),
        node('Add', ['smaller', 'peak'], ['next']),
      ],
      output: [value('go_on', [], BOOL), value('next', undefined)],
    };
    const bytes = model({
      input: [image],
      output: [value('result', undefined)],
      initializer: [longs('times', [2], [])],
      node: [max('image', 'peak', [1, 1]), node('Loop', ['times', '', 'image'], ['result'], { body })],
    });
    const pools = await expectSame(bytes, feedImages);
    expect(pools.map(({ runs, pyramid }) => [runs, pyramid])).toEqual([
      ['kernels', 0],
      ['bodies', undefined],
    ]);
  });

  test('functions: one without pools stays, one with a pool is looked into', async () => {
    const opsetImport = [
      { domain: '', version: 17 },
      { domain: 'pyramid_pool', version: 1 },
    ];
    const bytes = model({
      domains: { mine: 1 },
      input: [image],
      output: [value('out', undefined)],
      functions: [
        {
          name: 'Twice',
          domain: 'mine',
          input: ['x'],
          output: ['y'],
          attribute: [],
          node: [node('Add', ['x', 'x'], ['y'])],
          opsetImport,
        },
        {
          name: 'Pooled',
          domain: 'mine',
          input: ['x', 'left_out'],
          output: ['y', 'same'],
          attribute: ['size'],
          node: [
            node('mine::Twice', ['x'], ['pooled']),
            {
              ...max('pooled', 'z', []),
              attribute: [{ name: 'output_size', refAttrName: 'size', type: 7 }],
            },
            node('Neg', ['z'], ['y']),
            node('Identity', ['x'], ['same']),
          ],
          opsetImport,
        },
      ] as Parts['functions'],
      node: [
        node('mine::Pooled', ['image'], ['once', 'image_again'], { size: [4, 3] }),
        node('mine::Pooled', ['once'], ['twice', ''], { size: [2, 2] }),
        node('mine::Twice', ['twice'], ['thrice']),
        node('ReduceMax', ['image_again'], ['peak']),
        node('Add', ['thrice', 'peak'], ['out']),
      ],
    });
    const pools = await expectSame(bytes, feedImages);
    expect(pools.map(({ levels, runs }) => [levels, runs])).toEqual([
      [[[4, 3]], 'kernels'],
      [[[2, 2]], 'kernels'],
    ]);
  });

  test('lists of tensors on both sides of a pool: it runs by its body', async () => {
    const bytes = model({
      input: [image],
      output: [value('result', undefined)],
      initializer: [longs('zero', [0], [])],
      node: [
        node('SplitToSequence', ['image'], ['rows'], { axis: 2 }),
        max('image', 'pooled', [1, 1]),
        node('SequenceAt', ['rows', 'zero'], ['row']),
        node('SequenceInsert', ['rows', 'pooled', 'zero'], ['more']),
        node('SequenceAt', ['more', 'zero'], ['again']),
        node('Add', ['row', 'again'], ['result']),
      ],
    });
    const pools = await expectSame(bytes, [feedImages[0]!]);
    expect(pools.map(({ runs, why }) => [runs, why?.includes('no tensor')])).toEqual([['bodies', true]]);
  });
});

describe('files as they are', () => {
  test('pools that PyTorch left as operators of its own', async () => {
    const aten = (operator: string, inputs: string[], output: string) =>
      node('org.pytorch.aten::ATen', inputs, [output], { operator, overload_name: '' });
    const bytes = model({
      domains: { 'org.pytorch.aten': 1 },
      input: [image],
      output: [value('a', undefined), value('b', undefined), value('c', undefined)],
      initializer: [longs('square', [3, 3])],
      node: [
        node('Constant', [], ['wide'], { value_ints: [2, 5] }),
        aten('adaptive_max_pool2d', ['image', 'square'], 'a'),
        aten('adaptive_avg_pool2d', ['image', 'wide'], 'b'),
        node('aten::adaptive_avg_pool2d', ['image', 'square'], ['c']),
      ],
    });
    const pools = await expectSame(bytes, feedImages);
    expect(pools.map(({ operator }) => operator)).toEqual([
      'AdaptiveMaxPool',
      'AdaptiveAveragePool',
      'AdaptiveAveragePool',
    ]);
  });

  test('weights beside the file', async () => {
    const filters = weights('filters', [3, 3, 3, 3]);
    const external = {
      name: 'filters',
      dims: [3, 3, 3, 3],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'weights.bin' },
        { key: 'offset', value: '8' },
        { key: 'length', value: String(filters.rawData!.length) },
      ],
    };
    const { parts } = graphs['a value that skips the cut, and weights used on both sides']!;
    const data = new Uint8Array(8 + filters.rawData!.length);
    data.set(filters.rawData!, 8);
    const bytes = model({ ...parts, initializer: [external] });
    await expect(createModel(bytes, { ort })).rejects.toMatchObject({
      code: 'missing-data',
      message: expect.stringContaining('weights.bin'),
    });
    const session = { externalData: [{ path: 'weights.bin', data }] };
    const beside = await createModel(bytes, { ort, session });
    const inside = await createModel(model(parts), { ort });
    for (const feeds of feedImages) {
      expectNear(
        (await beside.run(feeds)) as Record<string, ort.Tensor>,
        (await inside.run(feeds)) as Record<string, ort.Tensor>,
      );
    }
  });

  test('old files, whose weights are among the inputs', async () => {
    const { parts } = graphs['a value that skips the cut, and weights used on both sides']!;
    const bytes = model({ ...parts, irVersion: 3, input: [...parts.input!, value('filters', [3, 3, 3, 3])] });
    const cut = await createModel(bytes, { ort });
    expect(cut.inputNames).toEqual(['image']);
    const inside = await createModel(model(parts), { ort });
    expectNear(
      (await cut.run(feedImages[0]!)) as Record<string, ort.Tensor>,
      (await inside.run(feedImages[0]!)) as Record<string, ort.Tensor>,
    );
  });

  test('bodies need opset 13, kernels do not', async () => {
    const parts: Parts = {
      opset: 11,
      input: [image],
      output: [value('pooled', undefined)],
      node: [node('Relu', ['image'], ['map']), max('map', 'pooled', [2, 2])],
    };
    const cut = await createModel(model(parts), { ort });
    const newer = await createModel(model({ ...parts, opset: 17 }), { ort });
    expectNear(
      (await cut.run(feedImages[0]!)) as Record<string, ort.Tensor>,
      (await newer.run(feedImages[0]!)) as Record<string, ort.Tensor>,
    );
    expect(() => makePortable(model(parts))).toThrow(/opset 11/);
  });

  test('a model without pools runs as it is', async () => {
    const bytes = model({
      input: [image],
      output: [value('y', undefined)],
      node: [node('Relu', ['image'], ['y'])],
    });
    const cut = await createModel(bytes, { ort });
    expect(cut.pools).toEqual([]);
    const { y } = (await cut.run(feedImages[0]!)) as Record<string, ort.Tensor>;
    expect(y!.data).toEqual((sizes[0]!.data as Float32Array).map((it) => Math.max(it, 0)));
  });
});
