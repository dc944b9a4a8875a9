/** Protobuf at the wire level: messages as fields that are views of the file's bytes, so that weights are never copied to be read. */
import { PbfReader, PbfWriter } from 'pbf';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import type { PlainDataOf } from '../core/result-types.js';

/** How a value is written: as a varint, in 8 bytes, with its length before it, or in 4 bytes. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** One field of a message. */
export class Field {
  constructor(
    /** The number that the message's definition gives the field. */
    readonly number: number,
    private readonly type: number,
    private readonly bytes: Uint8Array,
    private readonly start: number,
    private readonly valueStart: number,
    private readonly end: number,
  ) {}

  /** The field as it is written, its number included. */
  get raw(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The value of a field of bytes, a text or a message. */
  get value(): Uint8Array {
    if (this.type !== BYTES) damaged(`field ${this.number} is a number where bytes belong`);
    return this.bytes.subarray(this.valueStart, this.end);
  }

  get text(): string {
    return new TextDecoder().decode(this.value);
  }

  get int(): number {
    if (this.type !== VARINT) damaged(`field ${this.number} is no whole number`);
    return readVarint(new PbfReader(this.bytes.subarray(this.valueStart, this.end)));
  }

  /** Whole numbers: one, or several that are packed. */
  get ints(): number[] {
    if (this.type !== BYTES) return [this.int];
    const reader = new PbfReader(this.value);
    const ints: number[] = [];
    while (reader.pos < reader.length) ints.push(readVarint(reader));
    if (reader.pos > reader.length) damaged('a list of numbers ends in the middle of one');
    return ints;
  }
}

/** The fields of a message, in their order. */
export function* readFields(bytes: Uint8Array): Generator<Field, void> {
  const reader = new PbfReader(bytes);
  while (reader.pos < bytes.length) {
    const start = reader.pos;
    const tag = readVarint(reader);
    const type = tag & 7;
    const number = Math.floor(tag / 8);
    const length = type === BYTES ? readVarint(reader) : 0;
    const valueStart = reader.pos;
    if (type === VARINT) readVarint(reader);
    else if (type === FIXED_64) reader.pos += 8;
    else if (type === FIXED_32) reader.pos += 4;
    else if (type === BYTES) reader.pos += length;
    else damaged(`field ${number} is of wire type ${type}, which does not exist here`);
    if (number < 1) damaged('a field has no number');
    // Not `length < 0` alone: lengths beyond what a number holds are not exact.
    if (!(length >= 0) || !(reader.pos <= bytes.length)) damaged('it ends in the middle of a field');
    yield new Field(number, type, bytes, start, valueStart, reader.pos);
  }
}

function readVarint(reader: PbfReader): number {
  try {
    return reader.readVarint(true);
  } catch (cause) {
    damaged(messageOf(cause));
  }
}

/** The file is no ONNX file, or is damaged. */
export function damaged(why: string): never {
  throw new PyramidPoolError('invalid-model', `the model is no ONNX file, or a damaged one: ${why}`);
}

/** A message, or a part of one, that is to be written: its bytes in pieces, which are copied once, when the file is put together. */
export type Pieces = readonly Uint8Array[];

/** A field that holds a message. */
export function messageField(number: number, pieces: Pieces): Uint8Array[] {
  const writer = new PbfWriter();
  writer.writeTag(number, BYTES);
  writer.writeVarint(pieces.reduce((sum, piece) => sum + piece.length, 0));
  return [writer.finish(), ...pieces];
}

/** A field that holds a text. */
export function textField(number: number, text: string): Uint8Array {
  return field((writer) => writer.writeStringField(number, text));
}

/** A field that holds a whole number. */
export function intField(number: number, value: number): Uint8Array {
  return field((writer) => writer.writeVarintField(number, value));
}

/** A field that holds a 32-bit float. */
export function floatField(number: number, value: number): Uint8Array {
  return field((writer) => writer.writeFloatField(number, value));
}

function field(write: (writer: PbfWriter) => void): Uint8Array {
  const writer = new PbfWriter();
  write(writer);
  return writer.finish();
}

/** Puts pieces together: the one place where weights are copied. */
export function join(pieces: Pieces): PlainDataOf['uint8'] {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
