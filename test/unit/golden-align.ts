/** torchvision's answers for RoIAlign. */
import dataUrl from '../golden/align/data.bin?inline';
import index from '../golden/align/index.json' with { type: 'json' };

interface TensorEntry {
  shape: number[];
  offset: number;
}

/** A feature map with regions of it, and what becomes of them. */
export interface GoldenAlign {
  id: string;
  options: { spatialScale: number; samplingRatio: number; aligned: boolean };
  shape: [number, number, number, number];
  levels: [number, number][];
  x: Float32Array;
  rois: Float32Array;
  y: Float32Array;
  gy: Float32Array;
  gx: Float32Array;
}

const bytes = await (await fetch(dataUrl)).arrayBuffer();

function floats({ shape, offset }: TensorEntry): Float32Array {
  return new Float32Array(
    bytes,
    offset,
    shape.reduce((product, size) => product * size, 1),
  );
}

export const goldenAlign: GoldenAlign[] = index.cases.map(
  ({ id, shape, levels, spatial_scale, sampling_ratio, aligned, tensors }) => ({
    id,
    options: { spatialScale: spatial_scale, samplingRatio: sampling_ratio, aligned },
    shape: shape as GoldenAlign['shape'],
    levels: levels as GoldenAlign['levels'],
    x: floats(tensors.x),
    rois: floats(tensors.rois),
    y: floats(tensors.y),
    gy: floats(tensors.gy),
    gx: floats(tensors.gx),
  }),
);
