"""Vectors of images on a Spark cluster: each task runs pyramid-pool-extract over one slice.

spark-submit vectors.py SLICES -- pyramid-pool-extract /data/photos --model /data/model.onnx --out /data/vectors

The command and the folders must be there on every executor. A task that is lost is run again by Spark: it makes the parts that are
missing, with the same bytes.
"""

import shlex
import sys

from pyspark.sql import SparkSession


def main(slices: int, command: list[str]) -> None:
    spark = SparkSession.builder.appName("pyramid-pool-extract").getOrCreate()
    # Each task gets the number of its slice as its one line; xargs puts it into the command. A task fails where the command does.
    each = f"xargs -I {{}} {shlex.join(command)} --allow-failures --shard {{}}/{slices}"
    numbers = spark.sparkContext.parallelize(range(slices), slices)
    for line in numbers.pipe(each, checkCode=True).collect():
        print(line)

    out = command[command.index("--out") + 1]
    vectors = spark.read.option("pathGlobFilter", "part-*.parquet").parquet(out)
    vectors.printSchema()
    print(f"{vectors.count()} vectors, {vectors.select('id').distinct().count()} ids")
    spark.stop()


if __name__ == "__main__":
    at = sys.argv.index("--")
    main(int(sys.argv[at - 1]), sys.argv[at + 1 :])
