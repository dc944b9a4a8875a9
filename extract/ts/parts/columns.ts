import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { Row } from '../core/settings.js';

/** The columns of a part as an Arrow IPC stream: `id`, `width`, `height` and `vector`, a list of fixed size of float32. */
export function rowsToIpc(rows: readonly Row[], vectorLength: number): Uint8Array {
  const values = new Float32Array(rows.length * vectorLength);
  rows.forEach(({ vector }, i) => {
    values.set(vector, i * vectorLength);
  });
  // Elements of tensors are nullable in the readers of other languages, which tell a fixed size by it.
  const list = new FixedSizeList(vectorLength, new Field('item', new Float32(), true));
  const schema = new Schema([
    new Field('id', new Utf8(), false),
    new Field('width', new Int32(), false),
    new Field('height', new Int32(), false),
    new Field('vector', list, false),
  ]);
  const length = rows.length;
  const items = makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values });
  const children = [
    vectorFromArray(
      rows.map(({ id }) => id),
      new Utf8(),
    ).data[0]!,
    makeVector(Int32Array.from(rows, ({ width }) => width)).data[0]!,
    makeVector(Int32Array.from(rows, ({ height }) => height)).data[0]!,
    makeData({ type: list, length, nullCount: 0, child: items }),
  ];
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), 'stream');
}
