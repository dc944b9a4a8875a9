import type { Plane } from '../ink/plane.js';
import { readBody } from './body.js';
import { cutDigit } from './cut-digit.js';
import { MOST_BYTES, MOST_PICTURES } from './limits.js';
import model from './model.bin';
import { readPicture, readRaw } from './picture.js';
import { mediaType, quote, readCount, readQuery } from './query.js';
import { Recogniser } from './recogniser.js';
import { Refusal } from './refusal.js';

/** The network's answer for a picture. */
interface Answer {
  /** The digit with the highest score. */
  readonly digit: number;
  /** The probability of each digit from 0 to 9. */
  readonly scores: number[];
  /** Height and width of the digit as the network saw it: cut to its ink, and reduced where it was too large. */
  readonly size: [height: number, width: number];
}

interface File {
  readonly name: string;
  readonly bytes: Uint8Array;
}

let recogniser: Promise<Recogniser> | undefined;

/** Answers a request with one picture, or with several as `multipart/form-data`. */
export async function recogniseDigits(request: Request): Promise<Response> {
  const query = readQuery(request, ['size']);
  const start = performance.now();
  const type = mediaType(request.headers);
  const bytes = await readBody(request, MOST_BYTES);
  if (bytes.length === 0) throw new Refusal(400, 'invalid-body', 'the body is empty, but must be a picture');
  if (type === 'multipart/form-data') {
    const files = await filesOf(bytes, request.headers.get('content-type') as string);
    return Response.json({ pictures: await answerAll(files), ms: await since(start) });
  }
  const picture = readOne(bytes, type, query.get('size'));
  const [answer] = await answerPictures([await prepared(picture)]);
  return Response.json({ ...answer, ms: await since(start) });
}

function readOne(bytes: Uint8Array, type: string | undefined, size: string | undefined): Plane {
  if (size === undefined) return readPicture(bytes);
  if (type !== 'application/octet-stream') {
    const found = type ?? 'of no stated type';
    const message = `size is for raw pixels, but the body is ${found} and not application/octet-stream`;
    throw new Refusal(415, 'unsupported-type', message);
  }
  const [height, width, ...others] = size.split('x').map(readCount);
  if (!height || !width || others.length > 0) {
    throw new Refusal(
      400,
      'invalid-size',
      `size is ${quote(size)}, but must be like 28x15: height and width`,
    );
  }
  return readRaw(bytes, height, width);
}

async function filesOf(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<File[]> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch(() => {
    throw new Refusal(400, 'invalid-body', 'the body is no multipart/form-data');
  });
  const files = [...form].filter((entry): entry is [string, globalThis.File] => typeof entry[1] !== 'string');
  if (files.length === 0) throw new Refusal(400, 'invalid-body', 'the form holds no picture');
  if (files.length > MOST_PICTURES) {
    const message = `the form holds ${files.length} pictures, but at most ${MOST_PICTURES} are taken`;
    throw new Refusal(413, 'too-large', message);
  }
  return Promise.all(
    files.map(async ([field, file]) => ({
      name: file.name || field,
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  );
}

/** An answer for each file, in their order. One that cannot be read does not affect the others. */
async function answerAll(files: readonly File[]): Promise<object[]> {
  const read: (Plane | Refusal)[] = [];
  // One after the other: a decoder takes most of the memory that there is.
  for (const { bytes } of files) {
    read.push(await attempt(async () => prepared(readPicture(bytes))));
  }
  const answers = await answerPictures(
    read.filter((picture): picture is Plane => !(picture instanceof Refusal)),
  );
  return read.map((picture, i) => ({
    name: files[i].name,
    ...(picture instanceof Refusal ? { error: picture.toError() } : answers.shift()),
  }));
}

async function attempt(read: () => Promise<Plane>): Promise<Plane | Refusal> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function prepared(picture: Plane): Promise<Plane> {
  const digit = await cutDigit(picture);
  if (!digit) throw new Refusal(422, 'no-ink', 'there is nothing written on the picture');
  return digit;
}

async function answerPictures(pictures: readonly Plane[]): Promise<Answer[]> {
  if (pictures.length === 0) return [];
  recogniser ??= Recogniser.read(new Uint8Array(model));
  const all = (await recogniser).recognise(pictures);
  return all.map((scores, i) => ({
    digit: scores.indexOf(Math.max(...scores)),
    scores: Array.from(scores, (score) => Math.round(1e4 * score) / 1e4),
    size: [pictures[i].height, pictures[i].width],
  }));
}

/** Milliseconds since `start`. Edge hosts stop the clock while a worker computes; it continues after a wait. */
async function since(start: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return Math.round(10 * (performance.now() - start)) / 10;
}
