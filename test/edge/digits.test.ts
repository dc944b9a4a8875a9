/** The example worker in workerd, its main route: pictures of digits in, answers out. Types are those of the demo. */
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDigits, tfjsWasmFolder } from '../../demo/data/node-assets.js';
import { MOST_BYTES, MOST_PICTURES } from '../../demo/edge/limits.js';
import { unpackTensors } from '../../demo/model/safetensors.js';
import { type Digit, decodeDigits, scaleDigit } from '../../demo/train/digits.js';
import { seededRandom, shuffled } from '../../demo/train/random.js';
import { bundleEdge, startWorkerd } from '../../scripts/edge.mjs';

let miniflare: Awaited<ReturnType<typeof startWorkerd>>;
let digits: Digit[];

beforeAll(async () => {
  miniflare = await startWorkerd(await bundleEdge());
  digits = shuffled(decodeDigits(await loadDigits()), seededRandom(5)).slice(0, 120);
});
afterAll(() => miniflare.dispose());

interface Answer {
  readonly digit: number;
  readonly scores: number[];
  readonly size: [number, number];
  readonly ms: number;
}

type Body = Uint8Array | string | FormData;

async function send(body: Body, { query = '', type = 'application/octet-stream' } = {}) {
  const request = new Request(`http://edge/${query}`, { method: 'POST', body: body as BodyInit });
  const bytes = new Uint8Array(await request.arrayBuffer());
  const headers = {
    'content-type': body instanceof FormData ? (request.headers.get('content-type') as string) : type,
  };
  const response = await miniflare.dispatchFetch(request.url, { method: 'POST', headers, body: bytes });
  return { status: response.status, json: (await response.json()) as never };
}

/** A digit in dark ink on white paper, with a margin: one byte a pixel. */
function drawn(digit: Digit, margin = 5) {
  const [height, width] = [digit.height + 2 * margin, digit.width + 2 * margin];
  const data = new Uint8Array(height * width).fill(255);
  digit.pixels.forEach((ink, i) => {
    const [y, x] = [Math.floor(i / digit.width), i % digit.width];
    data[(y + margin) * width + x + margin] = Math.round(255 * (1 - ink));
  });
  return { data, height, width };
}

const png = (digit: Digit) => encode({ ...drawn(digit), channels: 1, depth: 8 });

/** Three or four channels of the same grey. */
function inColour({ data, height, width }: ReturnType<typeof drawn>, channels: 3 | 4) {
  const pixels = Uint8Array.from({ length: channels * data.length }, (_, i) =>
    i % channels === 3 ? 255 : (data[Math.floor(i / channels)] as number),
  );
  return { data: pixels, height, width };
}

test('recognises digits of many sizes, of the size that they have', async () => {
  let right = 0;
  const scales = [0.9, 1, 1.4, 1.75, 6];
  for (const [i, digit] of digits.entries()) {
    const scaled = scaleDigit(digit, scales[i % scales.length] as number);
    const { status, json } = await send(png(scaled));
    const { digit: found, scores, size, ms } = json as Answer;
    expect(status).toBe(200);
    expect(scores).toHaveLength(10);
    expect(scores.reduce((sum, score) => sum + score)).toBeCloseTo(1, 2);
    expect(Math.max(...size)).toBeLessThanOrEqual(56);
    expect(ms).toBeGreaterThanOrEqual(0);
    if (found === digit.label) right++;
  }
  expect(right / digits.length).toBeGreaterThan(0.93);
});

test('takes PNG of every kind, JPEG and raw pixels alike', async () => {
  const digit = scaleDigit(digits.find(({ label }) => label === 3) as Digit, 1.5);
  const grey = drawn(digit);
  const { data, height, width } = grey;
  const deep = Uint16Array.from(data, (value) => 257 * value);
  const inverted = data.map((value) => 255 - value);
  const clear = inColour(grey, 4).data.map((value, i) =>
    i % 4 === 3 ? 255 - (data[i >> 2] as number) : i % 4 === 0 ? 0 : value,
  );
  const pictures: [string, Uint8Array, { query?: string }?][] = [
    ['grey', encode({ ...grey, channels: 1, depth: 8 })],
    ['16 bits', encode({ ...grey, data: deep, channels: 1, depth: 16 })],
    ['red, green, blue', encode({ ...inColour(grey, 3), channels: 3, depth: 8 })],
    ['with alpha', encode({ ...inColour(grey, 4), channels: 4, depth: 8 })],
    ['ink on nothing', encode({ data: clear, height, width, channels: 4, depth: 8 })],
    ['bright ink on black', encode({ ...grey, data: inverted, channels: 1, depth: 8 })],
    ['JPEG', encodeJpeg(inColour(grey, 4), 95).data],
    ['raw', data, { query: `?size=${height}x${width}` }],
  ];
  for (const [kind, body, options] of pictures) {
    const { status, json } = await send(body, options);
    expect([kind, status, (json as Answer).digit]).toEqual([kind, 200, 3]);
  }
});

test('answers a form of several pictures of different sizes, and says which it cannot read', async () => {
  const form = new FormData();
  const chosen = digits.slice(0, 5).map((digit, i) => scaleDigit(digit, 1 + i / 4));
  for (const [i, digit] of chosen.entries())
    form.append('pictures', new File([png(digit) as BlobPart], `${i}.png`));
  form.append('pictures', new File(['no picture'], 'bad.png'));
  const { status, json } = await send(form);
  const { pictures } = json as { pictures: (Answer & { name: string; error?: { code: string } })[] };
  expect(status).toBe(200);
  expect(pictures.map(({ name }) => name)).toEqual(['0.png', '1.png', '2.png', '3.png', '4.png', 'bad.png']);
  expect(pictures[5]?.error?.code).toBe('unsupported-type');
  const alone = await Promise.all(chosen.map((digit) => send(png(digit))));
  expect(pictures.slice(0, 5).map(({ scores }) => scores)).toEqual(
    alone.map(({ json }) => (json as Answer).scores),
  );
});

test('the answers are those of the network that the main job trains', async () => {
  const tf = await import('@tensorflow/tfjs-core');
  const { startTfjs } = await import('../../demo/train/tfjs.js');
  const { Network } = await import('../../demo/train/network.js');
  const { writeWeights } = await import('../../demo/train/weights.js');
  const { sppForInference } = await import('../../demo/train/spp-op.js');
  const { createPyramidPool } = await import('pyramid-pool');
  const { readFile } = await import('node:fs/promises');
  await startTfjs(tfjsWasmFolder());
  const { tensors, metadata } = unpackTensors(await readFile('demo/edge/model.bin'));
  const network = new Network(seededRandom(1));
  writeWeights(
    network,
    tensors.map(({ data }) => data),
  );
  const pool = await createPyramidPool({
    levels: (metadata.levels as string).split(',').map(Number),
    layout: 'NHWC',
  });
  const { readPicture } = await import('../../demo/edge/picture.js');
  const { cutDigit } = await import('../../demo/edge/cut-digit.js');
  for (const digit of digits.slice(0, 12)) {
    const plane = await cutDigit(readPicture(png(digit)));
    if (!plane) throw new Error('there is ink on every digit');
    const { values, height, width } = plane;
    const expected = tf.tidy(() => {
      const image = tf.tensor4d(values, [1, height, width, 1]);
      return tf.softmax(network.scores(sppForInference(pool, network.features(image)))).dataSync();
    });
    const { json } = await send(png(digit));
    (json as Answer).scores.forEach((score, i) => {
      expect(score).toBeCloseTo(expected[i] as number, 3);
    });
  }
});

/** A PNG by hand: what encoders would not write. */
function handmade(
  width: number,
  height: number,
  data: Uint8Array,
  extra: [string, Uint8Array][] = [],
): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, 0, 0, 0, 0], 8);
  const chunks: [string, Uint8Array][] = [
    ['IHDR', header],
    ...extra,
    ['IDAT', data],
    ['IEND', new Uint8Array()],
  ];
  const parts = chunks.map(([type, data]) => {
    const chunk = new Uint8Array(12 + data.length);
    const view = new DataView(chunk.buffer);
    view.setUint32(0, data.length);
    chunk.set(new TextEncoder().encode(type), 4);
    chunk.set(data, 8);
    view.setUint32(8 + data.length, crc(chunk.subarray(4, 8 + data.length)));
    return chunk;
  });
  return new Uint8Array(Buffer.concat([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...parts]));
}

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

const zeros = (length: number) => new Uint8Array(deflateSync(Buffer.alloc(length)));

const refused: [
  what: string,
  body: () => Uint8Array | string,
  status: number,
  code: string,
  options?: object,
][] = [
  ['nothing', () => '', 400, 'invalid-body'],
  ['a text', () => 'seven', 415, 'unsupported-type'],
  ['a GIF', () => 'GIF89a,,,,', 415, 'unsupported-type'],
  ['100 megapixels of one colour', () => handmade(10_000, 10_000, zeros(10_001 * 10_000)), 413, 'too-large'],
  [
    'a small picture that inflates without end',
    () => handmade(10, 10, zeros(200_000_000)),
    400,
    'invalid-picture',
  ],
  [
    'a profile that inflates without end is passed over, and there is no ink',
    () =>
      handmade(10, 10, zeros(110), [
        ['iCCP', new Uint8Array(Buffer.concat([Buffer.from('name\0\0'), zeros(200_000_000)]))],
      ]),
    422,
    'no-ink',
  ],
  ['a PNG cut short', () => png(digits[0] as Digit).subarray(0, 90), 400, 'invalid-picture'],
  [
    'a PNG with a wrong checksum',
    () => png(digits[0] as Digit).map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
    400,
    'invalid-picture',
  ],
  [
    'a JPEG cut short',
    () => encodeJpeg(inColour(drawn(digits[0] as Digit), 4), 90).data.subarray(0, 300),
    400,
    'invalid-picture',
  ],
  [
    'a JPEG that is too large',
    () => encodeJpeg({ data: new Uint8Array(4 * 2000 * 1100), width: 2000, height: 1100 }, 10).data,
    400,
    'invalid-picture',
  ],
  [
    'a blank page',
    () => encode({ data: new Uint8Array(400).fill(255), width: 20, height: 20, channels: 1, depth: 8 }),
    422,
    'no-ink',
  ],
  ['raw pixels of another size', () => new Uint8Array(10), 400, 'invalid-body', { query: '?size=3x4' }],
  ['a size that is none', () => new Uint8Array(10), 400, 'invalid-size', { query: '?size=3' }],
  [
    'a size for a PNG',
    () => png(digits[0] as Digit),
    415,
    'unsupported-type',
    { query: '?size=3x4', type: 'image/png' },
  ],
  [
    'a parameter that it does not know',
    () => png(digits[0] as Digit),
    400,
    'unknown-parameter',
    { query: '?sise=3x4' },
  ],
  ['more bytes than it takes', () => new Uint8Array(MOST_BYTES + 1), 413, 'too-large'],
  ['no form', () => 'x', 400, 'invalid-body', { type: 'multipart/form-data; boundary=x' }],
];

test.each(refused)(
  'refuses %s',
  async (_, body, status, code, options) => {
    const { status: found, json } = await send(body() as Uint8Array, options);
    expect([found, (json as { error: { code: string } }).error.code]).toEqual([status, code]);
    // Others get their answers.
    expect((await send(png(digits[0] as Digit))).status).toBe(200);
  },
  60_000,
);

test('refuses a form of too many pictures', async () => {
  const form = new FormData();
  for (let i = 0; i <= MOST_PICTURES; i++) form.append('pictures', new File(['x'], `${i}`));
  expect((await send(form)).status).toBe(413);
});

test('takes the largest picture, and has memory left', async () => {
  const [width, height] = [1024, 512];
  const data = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < data.length; i++) if (i % 4 < 3 && (i >> 2) % width === 500) data[i] = 0;
  for (let time = 0; time < 3; time++) {
    expect((await send(encode({ data, width, height, channels: 4, depth: 8 }))).status).toBe(200);
    expect((await send(encodeJpeg({ data, width, height }, 80).data)).status).toBe(200);
  }
}, 60_000);

test('shows a form to those who come with a browser', async () => {
  const response = await miniflare.dispatchFetch('http://edge/');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await response.text()).toContain('<canvas');
});
