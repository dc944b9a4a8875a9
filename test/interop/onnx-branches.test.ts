/** Pools in branches, loops and functions of a graph, and files in all the ways in which exporters write them. */
import * as ort from 'onnxruntime-web';
import { createModel, makePortable } from 'pyramid-pool/onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectNear, setUpOrt } from './onnx-files.js';
import { BOOL, INT64, longs, model, node, type Parts, value, weights } from './onnx-graphs.js';
import { average, expectSame, feedImages, image, max, sizes, skipping } from './onnx-pools.js';

beforeAll(setUpOrt);

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
    const parts = skipping;
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
    const parts = skipping;
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
