import { DataType, type Field, Precision, type RecordBatch, type Schema, type Vector } from 'apache-arrow';
import { ExtractError } from '../core/errors.js';

/** A feature map of a row: `[1, channels, height, width]`; or why there is none. */
export type RowMap =
  | { readonly data: Float32Array; readonly dims: readonly number[] }
  | { readonly reason: string };

/** Reads the map of a row of a batch. */
export type MapColumn = (row: number) => RowMap;

const SHAPES =
  'a column of maps is a struct of data (list of float32) and shape (channels, height, width), as arrow.variable_shape_tensor has it; or arrow.fixed_shape_tensor; or a list of float32 or bytes beside the columns height and width';

/**
 * Finds the column of maps: the one that was asked for, or one called `map`, or the only one that can be one. Throws an
 * `ExtractError` where there is none.
 */
export function findMapColumn(batch: RecordBatch, asked: string | undefined, path: string): MapColumn {
  const { fields } = batch.schema;
  const possible = fields.filter((field) => canBeMap(field, batch.schema));
  const field =
    possible.find(({ name }) => name === (asked ?? 'map')) ?? (asked ? undefined : only(possible));
  if (!field) {
    const names = fields.map((it) => `${it.name} (${it.type})`).join(', ');
    const which =
      asked === undefined
        ? `has ${possible.length} columns that can be maps`
        : `has no column '${asked}' of maps`;
    throw new ExtractError(`${path}: ${which}; its columns are ${names}; ${SHAPES}; name it by --column`);
  }
  return readerOf(field, batch);
}

const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

function canBeMap({ type, metadata }: Field, schema: Schema): boolean {
  if (DataType.isStruct(type)) {
    const names = type.children.map(({ name }) => name);
    return names.includes('data') && names.includes('shape');
  }
  return (isFloats(type) || isBytes(type)) && (hasShape(metadata) || sizeNames(schema) !== undefined);
}

const isFloats = (type: DataType) =>
  (DataType.isList(type) || DataType.isFixedSizeList(type)) && isFloat32(type.children[0]!.type);

const isBytes = (type: DataType) => DataType.isBinary(type) || DataType.isLargeBinary(type);

const isFloat32 = (type: DataType) => DataType.isFloat(type) && type.precision === Precision.SINGLE;

const EXTENSION = 'ARROW:extension:metadata';

const hasShape = (metadata: Map<string, string>) => shapeIn(metadata) !== undefined;

function shapeIn(metadata: Map<string, string>): readonly number[] | undefined {
  try {
    const { shape } = JSON.parse(metadata.get(EXTENSION) ?? '{}') as { shape?: readonly number[] };
    return shape;
  } catch {
    return undefined;
  }
}

/** The columns of heights and widths. */
function sizeNames({ names }: Schema): [string, string] | undefined {
  const pairs: [string, string][] = [
    ['height', 'width'],
    ['h', 'w'],
  ];
  return pairs.find((pair) => pair.every((name) => names.includes(name)));
}

function readerOf({ name, type, metadata }: Field, batch: RecordBatch): MapColumn {
  const column = batch.getChild(name)!;
  if (DataType.isStruct(type)) {
    const [data, shape] = [column.getChild('data')!, column.getChild('shape')!];
    return (row) => toMap(column.isValid(row) ? data.get(row) : null, numbersOf(shape.get(row)));
  }
  const shape = shapeIn(metadata);
  if (shape) return (row) => toMap(column.get(row), shape);
  const [heights, widths] = sizeNames(batch.schema)!.map((it) => batch.getChild(it)!) as [Vector, Vector];
  return (row) => {
    const [height, width] = [Number(heights.get(row)), Number(widths.get(row))];
    const value = column.get(row) as Uint8Array | Vector | null;
    const count = value === null ? 0 : value instanceof Uint8Array ? value.length / 4 : value.length;
    return toMap(value, [count / (height * width), height, width]);
  };
}

const numbersOf = (list: Iterable<unknown> | null) => (list === null ? [] : [...list].map(Number));

function toMap(value: Uint8Array | Vector | null, shape: readonly number[]): RowMap {
  if (value === null) return { reason: 'the map is null' };
  const dims = shape.length === 4 && shape[0] === 1 ? shape : [1, ...shape];
  const isRight = dims.length === 4 && dims.every((size) => Number.isInteger(size) && size > 0);
  if (!isRight)
    return { reason: `the map is of shape [${shape.join(', ')}], but must be [channels, height, width]` };
  const data = value instanceof Uint8Array ? floatsOf(value) : floatsIn(value);
  if (!data) return { reason: 'the elements of the map are not float32, or some are null' };
  const count = dims.reduce((a, b) => a * b, 1);
  if (data.length !== count)
    return {
      reason: `the map has ${data.length} elements, but its shape [${shape.join(', ')}] needs ${count}`,
    };
  return { data, dims };
}

function floatsIn(list: Vector): Float32Array | undefined {
  if (list.nullCount > 0) return undefined;
  const array: unknown = list.toArray();
  return array instanceof Float32Array ? array : undefined;
}

/** Bytes of little-endian float32, copied where they do not begin at a multiple of four. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
}
