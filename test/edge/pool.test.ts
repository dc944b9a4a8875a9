/** The example worker in workerd, its route /pool: what it answers, and how it refuses. */
import { createPyramidPool } from 'pyramid-pool';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleEdge, startWorkerd } from '../../scripts/edge.mjs';
import { goldenCases } from '../unit/golden.js';

let miniflare: Awaited<ReturnType<typeof startWorkerd>>;

beforeAll(async () => {
  miniflare = await startWorkerd(await bundleEdge());
});
afterAll(() => miniflare.dispose());

interface Sent {
  method?: string;
  path?: string;
  query?: string;
  headers?: Record<string, string>;
  body?: Float32Array | Uint8Array;
}

const send = ({ method = 'POST', path = 'pool', query = '', headers = {}, body }: Sent) =>
  miniflare.dispatchFetch(`http://edge/${path}${query}`, {
    method,
    headers: { 'content-type': 'application/octet-stream', ...headers },
    body: body && new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength),
  });

const map = Float32Array.from({ length: 2 * 5 * 7 }, (_, i) => (i * 37) % 71);
const good = { query: '?dims=1,2,5,7', body: map };

test('pools golden maps with the expected bits', async ({ task }) => {
  const cases = goldenCases.filter(
    ({ bins, reduction, x }) => bins === 'adaptive' && reduction === 'max' && x.length > 0,
  );
  expect(cases.length).toBeGreaterThan(50);
  for (const { id, shape, levels, x, y } of cases) {
    const query = `?dims=${shape}&levels=${levels.map((level) => level.join('x'))}`;
    const response = await send({ query, body: x });
    expect(response.status, id).toBe(200);
    const bins = levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
    expect(response.headers.get('x-dims'), id).toBe(`${shape[0]},${shape[1] * bins}`);
    expect(new Float32Array(await response.arrayBuffer()), id).toEqual(y);
  }
  task.meta.variants = ['simd'];
});

test('takes dims from a header, and answers JSON to those who accept it', async () => {
  const response = await send({
    body: map,
    query: '?layout=NHWC&levels=2,1',
    headers: { 'x-dims': '5,7,2', accept: 'application/json' },
  });
  const pool = await createPyramidPool({ levels: [2, 1], layout: 'NHWC' });
  const { data, dims } = pool.forward({ data: map, dims: [5, 7, 2] });
  expect(await response.json()).toEqual({ dims, data: [...data] });
});

test('gives for each channel the bins of all levels', async () => {
  const vector = async (query: string) => {
    const response = await send({ ...good, query: `${good.query}&levels=2,1${query}` });
    return [...new Float32Array(await response.arrayBuffer())];
  };
  const pool = await createPyramidPool({ levels: [2, 1], outputOrder: 'channels' });
  const byChannel = await vector('&outputOrder=channels');
  expect(byChannel).toEqual([...pool.forward({ data: map, dims: [1, 2, 5, 7] }).data]);
  expect(await vector('&outputOrder=levels')).toEqual(await vector(''));
  expect(await vector('')).not.toEqual(byChannel);
});

test('answers many requests at a time', async () => {
  const responses = await Promise.all(Array.from({ length: 32 }, () => send(good)));
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200));
  const vectors = await Promise.all(
    responses.map(async (response) => new Float32Array(await response.arrayBuffer())),
  );
  expect(new Set(vectors.map(String)).size).toBe(1);
});

test('says how it is used', async () => {
  const response = await miniflare.dispatchFetch('http://edge/pool');
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('POST /pool with a feature map');
});

const refused: [what: string, sent: Sent, status: number, code: string, message: string][] = [
  ['another path', { ...good, path: 'pools' }, 404, 'not-found', 'nothing here but / and /pool'],
  [
    'another method',
    { ...good, method: 'PUT' },
    405,
    'method-not-allowed',
    'PUT is not allowed, GET and POST are',
  ],
  [
    'another type',
    { ...good, headers: { 'content-type': 'text/plain' } },
    415,
    'unsupported-type',
    'the body is text/plain',
  ],
  [
    'a parameter that it does not know',
    { ...good, query: '?dims=1,2,5,7&level=4,2' },
    400,
    'unknown-parameter',
    '"level" is not a parameter; there are dims, levels, layout',
  ],
  [
    'a parameter twice',
    { ...good, query: '?dims=1,2,5,7&levels=4&levels=2' },
    400,
    'repeated-parameter',
    'levels is there more than once',
  ],
  ['no dims', { body: map }, 400, 'missing-dims', 'like 1,256,13,13'],
  ['dims of rank 2', { query: '?dims=10,7', body: map }, 400, 'invalid-dims', 'dims is "10,7"'],
  [
    'dims that are not numbers',
    { query: '?dims=1,2,5,x', body: map },
    400,
    'invalid-dims',
    'dims is "1,2,5,x"',
  ],
  ['an empty axis', { query: '?dims=1,2,0,7', body: map }, 400, 'invalid-dims', 'dims is "1,2,0,7"'],
  [
    'levels of zero bins',
    { ...good, query: '?dims=1,2,5,7&levels=4,0' },
    400,
    'invalid-levels',
    'levels is "4,0"',
  ],
  [
    'another layout',
    { ...good, query: '?dims=1,2,5,7&layout=CHW' },
    400,
    'invalid-layout',
    'layout is "CHW"',
  ],
  [
    'another order',
    { ...good, query: '?dims=1,2,5,7&outputOrder=bins' },
    400,
    'invalid-order',
    'outputOrder is "bins"',
  ],
  [
    'a body that is too short',
    { ...good, body: map.subarray(1) },
    400,
    'invalid-body',
    'the body has 276 bytes, but dims 1,2,5,7 need 280',
  ],
  [
    'a body that is too long',
    { ...good, body: new Float32Array(71) },
    400,
    'invalid-body',
    'bytes, but dims 1,2,5,7 need 280',
  ],
  ['no body', { query: '?dims=1,2,5,7' }, 400, 'invalid-body', 'the body has 0 bytes'],
  [
    'a map that is too large',
    { ...good, query: '?dims=1,4096,64,64' },
    413,
    'too-large',
    'the map takes 67108864 bytes',
  ],
  [
    'a vector that is too large',
    { ...good, query: '?dims=1,2,5,7&levels=99999' },
    413,
    'too-large',
    'the vector takes',
  ],
  [
    'sizes beyond all bounds',
    { ...good, query: '?dims=999999999,999999999,999999999,999999999' },
    413,
    'too-large',
    'the map takes',
  ],
];

test.each(refused)('refuses %s', async (_, sent, status, code, message) => {
  const response = await send(sent);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toEqual({ error: { code, message: expect.stringContaining(message) } });
  expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, POST' : null);
  expect((await send(good)).status).toBe(200);
});

test('a body without a stated length is held to its dims as well', async () => {
  const chunks = [map.subarray(0, 50), map.subarray(50), map.subarray(0, 1)];
  const stream = (count: number) =>
    new ReadableStream({
      start(controller) {
        for (const { buffer, byteOffset, byteLength } of chunks.slice(0, count)) {
          controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength));
        }
        controller.close();
      },
    });
  const answers = [1, 2, 3].map((count) =>
    miniflare.dispatchFetch('http://edge/pool?dims=1,2,5,7', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: stream(count) as never,
      duplex: 'half',
    }),
  );
  const [short, right, long] = (await Promise.all(answers)) as unknown as [Response, Response, Response];
  expect(right.status).toBe(200);
  for (const [response, found] of [
    [short, '200 bytes'],
    [long, 'more than 280 bytes'],
  ] as const) {
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error).toEqual({ code: 'invalid-body', message: expect.stringContaining(found) });
  }
});
