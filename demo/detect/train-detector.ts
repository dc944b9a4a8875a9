import * as tf from '@tensorflow/tfjs-core';
import { Adam } from '../train/adam.js';
import { type Random, shuffled } from '../train/random.js';
import { learningRateFactor } from '../train/trainer.js';
import { drawLesson, type Exercise, type Lesson, partOf, placesToKeep } from './lessons.js';
import { detectionLoss, softmax, type Verdict } from './loss.js';
import { type Method, viewsOf } from './methods.js';
import { BACKGROUND, type DetectorNetwork, OUTPUTS, SCORES } from './network.js';
import { noTimes } from './stopwatch.js';
import { takeValues } from './take-values.js';

export interface DetectorTraining {
  readonly network: DetectorNetwork;
  readonly method: Method;
  readonly exercises: readonly Exercise[];
  /** Steps of the optimiser; each learns from windows of one scene. */
  readonly steps: number;
  readonly random: Random;
  readonly learningRate?: number;
  readonly onProgress?: (progress: DetectorProgress) => void | Promise<void>;
}

export interface DetectorProgress {
  readonly step: number;
  readonly steps: number;
  /** Per window, over the last steps. */
  readonly loss: number;
  readonly seconds: number;
}

/** Of those without a digit, this share are the hardest of all that the method looks through. */
const HARD_SHARE = 0.6;
/** Share of the training after which windows without a digit are chosen by how hard they are. */
const EASY_SHARE = 0.25;

const LEARNING_RATE = 0.003;

/** Trains a network for detection, in place, in the way of `method`. */
export async function trainDetector(training: DetectorTraining): Promise<void> {
  const { exercises, steps, random, learningRate = LEARNING_RATE, onProgress } = training;
  const adam = new Adam(training.method.trained(training.network));
  const started = performance.now();
  let waiting: Exercise[] = [];
  let recent = 0;
  for (let step = 0; step < steps; step++) {
    if (waiting.length === 0) waiting = shuffled(exercises, random);
    const exercise = waiting.pop() as Exercise;
    const isEasy = step < EASY_SHARE * steps;
    const task = isEasy ? easyTask(training, exercise) : await hardTask(training, exercise);
    const { loss } = learn(training, task, adam);
    task.vectors?.dispose();
    adam.step(learningRate * learningRateFactor(step / steps));
    recent += (loss / task.lesson.labels.length - recent) * (step === 0 ? 1 : 0.05);
    await onProgress?.({
      step: step + 1,
      steps,
      loss: recent,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** What a step learns from. */
interface Task {
  readonly lesson: Lesson;
  /** A vector for each of its windows, where they are known already. */
  readonly vectors?: tf.Tensor2D;
}

type Learner = Pick<DetectorTraining, 'network' | 'method' | 'random'>;

function easyTask({ method: { lesson }, random }: Learner, exercise: Exercise): Task {
  return { lesson: drawLesson(exercise, lesson.withDigit, lesson.without, random) };
}

/** A lesson with hard negatives: windows without a digit that the network takes for one. */
async function hardTask({ network, method, random }: Learner, exercise: Exercise): Promise<Task> {
  const drawn = drawLesson(exercise, method.lesson.withDigit, method.mined, random);
  const views = viewsOf(drawn.windows, drawn.picture);
  const hard = Math.round(HARD_SHARE * method.lesson.without);
  const keep = (outputs: Float32Array) =>
    placesToKeep(drawn, beliefsInNone(outputs), { hard, easy: method.lesson.without - hard });
  if (!method.keepsVectors) {
    const outputs = await method.infer(network, drawn.picture, views, { times: noTimes() });
    return { lesson: partOf(drawn, keep(outputs)) };
  }
  const known = method.learn(network, drawn.picture, views);
  const kept = keep(takeValues(tf.tidy(() => network.head(known))));
  const vectors = tf.gather(known, kept);
  known.dispose();
  return { lesson: partOf(drawn, kept), vectors };
}

function beliefsInNone(outputs: Float32Array): number[] {
  return Array.from(
    { length: outputs.length / OUTPUTS },
    (_, i) => softmax(outputs.subarray(i * OUTPUTS, i * OUTPUTS + SCORES))[BACKGROUND],
  );
}

function learn({ network, method }: Learner, { lesson, vectors }: Task, adam: Adam): Verdict {
  const { picture, windows } = lesson;
  const verdict: Verdict = { loss: 0, correct: 0 };
  tf.tidy(() => {
    const loss = () => {
      const known = vectors ?? method.learn(network, picture, viewsOf(windows, picture));
      return detectionLoss(network.head(known), lesson, verdict);
    };
    adam.add(tf.variableGrads(loss, [...method.trained(network)]).grads, lesson.labels.length);
  });
  return verdict;
}
