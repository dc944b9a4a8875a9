/** Both recipes for Spark, where PySpark is found: the rows and bits of the command itself. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { failedOf, partsOf, program, runCommand, temporaryFolder, vectorsOf } from './command.js';
import { makePhotos, type Photos } from './photos.js';
import { model } from './reference.js';

const recipe = (name: string) => fileURLToPath(new URL(`../../demo/hosts/spark/${name}`, import.meta.url));

/** Spark's own variable, or the Python that is there. */
const python = process.env.PYSPARK_PYTHON ?? 'python3';
const needs = 'import pyspark, pyarrow, pandas, shutil; assert shutil.which("java")';
const hasSpark = spawnSync(python, ['-c', needs]).status === 0;

const folder = temporaryFolder();
const out = (name: string) => join(folder, name);
const options = ['--model', model, '--engine', 'web'];

function submit(...args: string[]): string {
  const env = { ...process.env, PYSPARK_PYTHON: python, SPARK_LOCAL_IP: '127.0.0.1' };
  const { status, stdout, stderr } = spawnSync(python, args, { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

describe.skipIf(!hasSpark)(
  'Spark (needs PySpark with pyarrow and pandas in PYSPARK_PYTHON, and Java)',
  () => {
    let photos: Photos;

    beforeAll(async () => {
      photos = await makePhotos(join(folder, 'photos'), 60);
      const { code, text } = await runCommand(photos.folder, ...options, '--out', out('whole'));
      expect(code, text).toBe(3);
    });

    test('pipe: each task makes a slice', { timeout: 120_000 }, () => {
      const command = [process.execPath, program, photos.folder, ...options, '--out', out('pipe')];
      const text = submit(recipe('vectors.py'), '2', '--', ...command);
      expect(text).toContain(`${photos.good.length} vectors, ${photos.good.length} ids`);
      expect(partsOf(out('pipe'))).toEqual(partsOf(out('whole')));
    });

    test('mapInArrow: each task hands its images to the command', { timeout: 120_000 }, async () => {
      const command = [process.execPath, program, ...options];
      const text = submit(recipe('map_in_arrow.py'), photos.folder, out('table'), '--', ...command);
      const rows = readTable(out('table'));
      const vectors = await vectorsOf(out('whole'));
      const reasons = failedOf(out('whole'));
      // Spark leaves out empty files.
      const broken = photos.broken.filter((path) => reasons[path] !== 'the file is empty');
      expect(broken.length).toBe(photos.broken.length - 1);
      expect(text).toContain(`${photos.good.length} vectors, ${broken.length} failed`);
      expect(rows.map(({ id }) => id).sort()).toEqual([...photos.good, ...broken].sort());
      for (const { id, vector, reason } of rows) {
        expect(reason ?? null, id).toBe(reasons[id] ?? null);
        expect(vector ?? null, id).toBe(hexOf(vectors.get(id)));
      }
    });
  },
);

const hexOf = (vector: Float32Array | undefined) =>
  vector ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('hex') : null;

interface TableRow {
  readonly id: string;
  /** The bytes of the float32 values. */
  readonly vector?: string;
  readonly reason?: string;
}

/** What Spark has written, with ids from the folder of the images. */
function readTable(table: string): TableRow[] {
  const script = join(folder, 'read.py');
  writeFileSync(
    script,
    `import json, sys, struct, urllib.parse, pyarrow.dataset as ds
for row in ds.dataset(sys.argv[1], format="parquet", exclude_invalid_files=True).to_table().to_pylist():
    vector = row.pop("vector")
    row["vector"] = None if vector is None else struct.pack(f"<{len(vector)}f", *vector).hex()
    row["id"] = urllib.parse.unquote(row["id"].split("/photos/", 1)[1])
    print(json.dumps(row))
`,
  );
  return submit(script, table)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TableRow);
}
