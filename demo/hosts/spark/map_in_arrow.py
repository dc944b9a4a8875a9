"""Vectors of images that Spark reads, as a table of Spark's: each task hands its images to pyramid-pool-extract.

spark-submit map_in_arrow.py IMAGES OUTPUT -- pyramid-pool-extract --model /data/model.onnx --levels 4,2,1

IMAGES and OUTPUT are whatever Spark reads and writes: s3a://, hdfs://, a folder. The command and the model must be there on every
executor, and so must pyarrow. Rows of images that could not be read have a reason in place of a vector. Spark leaves out empty files.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet
from pyspark.sql import SparkSession

SCHEMA = "id string, width int, height int, vector array<float>, reason string"
ENDS = "*.{jpg,jpeg,jpe,jfif,png,webp,gif,avif,tif,tiff,JPG,JPEG,PNG,WEBP,GIF,AVIF,TIF,TIFF}"


def vectors_by(command: list[str]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """For `mapInArrow`, over the columns `path` and `content`: runs the command once for a task, on one thread."""

    def vectors_of(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with tempfile.TemporaryDirectory() as folder:
            images, out = pathlib.Path(folder, "images"), pathlib.Path(folder, "out")
            images.mkdir()
            paths = []
            for batch in batches:
                for path, content in zip(batch["path"], batch["content"]):
                    (images / str(len(paths))).write_bytes(content.as_buffer())
                    paths.append(path.as_py())
            if paths:
                files = "\n".join(str(images / str(i)) for i in range(len(paths)))
                run([*command, "--files-from", "-", "--out", str(out), "--workers", "1", "--allow-failures"], files)
                yield from rows_in(out, paths)

    return vectors_of


def run(command: list[str], files: str) -> None:
    done = subprocess.run(command, input=files, text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")


def rows_in(out: pathlib.Path, paths: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a folder of parts. In it, the id of an image is its number in this task."""
    for part in sorted(out.glob("part-*.parquet")):
        table = pa.parquet.read_table(part)
        ids = pa.array([paths[int(number)] for number in table["id"].to_pylist()])
        vectors = table["vector"].cast(pa.list_(pa.float32()))
        nothing = pa.nulls(len(ids), pa.string())
        columns = [ids, table["width"], table["height"], vectors, nothing]
        yield from pa.table(columns, names=["id", "width", "height", "vector", "reason"]).to_batches()
    failed = out / "failed.jsonl"
    if failed.exists():
        inputs = [json.loads(line) for line in failed.read_text().splitlines()]
        yield pa.record_batch(
            {
                "id": pa.array([paths[int(it["id"])] for it in inputs], pa.string()),
                "width": pa.nulls(len(inputs), pa.int32()),
                "height": pa.nulls(len(inputs), pa.int32()),
                "vector": pa.nulls(len(inputs), pa.list_(pa.float32())),
                "reason": pa.array([it["reason"] for it in inputs], pa.string()),
            }
        )


def main(images: str, output: str, command: list[str]) -> None:
    spark = SparkSession.builder.appName("pyramid-pool-extract").getOrCreate()
    # A batch has all bytes of its images.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").option("pathGlobFilter", ENDS)
    vectors = files.load(images).select("path", "content").mapInArrow(vectors_by(command), SCHEMA)
    vectors.write.parquet(output)

    written = spark.read.parquet(output)
    failed = written.where("reason IS NOT NULL").count()
    print(f"{written.count() - failed} vectors, {failed} failed")
    spark.stop()


if __name__ == "__main__":
    at = sys.argv.index("--")
    main(sys.argv[at - 2], sys.argv[at - 1], sys.argv[at + 1 :])
