/** Graphs that are hard to cut: each is run whole by ONNX Runtime Web, by its bodies, and cut by `createModel`. */
import * as ort from 'onnxruntime-web';
import { createModel } from 'pyramid-pool/onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectNear, type Feeds, setUpOrt } from './onnx-files.js';
import { FLOAT16, longs, model, node, numbers, type Parts, value, weights } from './onnx-graphs.js';
import { average, conv, expectSame, feedImages, image, max, sizes, skipping } from './onnx-pools.js';

beforeAll(setUpOrt);

/** One graph each: what it is, and how many of its pools the kernels run. */
const graphs: Record<string, { parts: Parts; feeds?: Feeds[]; pyramids: (number | undefined)[] }> = {
  'a value that skips the cut, and weights used on both sides': {
    pyramids: [0],
    parts: skipping,
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
  'pyramids in both orders, with a pool beside them': {
    pyramids: [0, 1, 1, 0],
    parts: {
      opset: 20,
      irVersion: 10,
      input: [image],
      output: [value('by_level', undefined), value('all', undefined)],
      node: [
        node('pyramid_pool::SpatialPyramidPool', ['image'], ['by_level'], {
          levels: [3, 1, 2],
          output_order: 'levels',
        }),
        node('pyramid_pool::SpatialPyramidPool', ['image'], ['by_channel'], {
          levels: [3, 1, 2],
          output_order: 'channels',
        }),
        node('pyramid_pool::SpatialPyramidPool', ['image'], ['one'], {
          levels: [4],
          output_order: 'channels',
        }),
        max('image', 'pooled', [2]),
        node('Flatten', ['pooled'], ['row']),
        node('Concat', ['by_channel', 'one', 'row'], ['all'], { axis: 1 }),
      ],
    },
  },
  'a pyramid along one axis, by channel': {
    pyramids: [0],
    feeds: [
      [2, 3, 7],
      [1, 3, 2],
    ].map((dims) => ({
      line: new ort.Tensor('float32', numbers(dims.reduce((a, b) => a * b)), dims),
    })),
    parts: {
      input: [value('line', ['n', 3, 'l'])],
      output: [value('row', undefined)],
      node: [
        node('pyramid_pool::SpatialPyramidPool', ['line'], ['row'], {
          levels: [4, 2, 1],
          reduction: 'average',
          output_order: 'channels',
        }),
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
    const parts = skipping;
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
