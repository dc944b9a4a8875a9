import * as tf from '@tensorflow/tfjs-core';
import { Adam } from '../train/adam.js';
import { type Random, shuffled } from '../train/random.js';
import { learningRateFactor } from '../train/trainer.js';
import { drawLesson, type Exercise, keepHardest, type Lesson } from './lessons.js';
import { detectionLoss, softmax, type Verdict } from './loss.js';
import { type Method, viewsOf } from './methods.js';
import { BACKGROUND, type DetectorNetwork, OUTPUTS, SCORES } from './network.js';
import { noTimes } from './stopwatch.js';

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
  const { network, method, exercises, steps, random, learningRate = LEARNING_RATE, onProgress } = training;
  const adam = new Adam(method.trained(network));
  const started = performance.now();
  let waiting: Exercise[] = [];
  let recent = 0;
  for (let step = 0; step < steps; step++) {
    if (waiting.length === 0) waiting = shuffled(exercises, random);
    const exercise = waiting.pop() as Exercise;
    const isEasy = step < EASY_SHARE * steps;
    const lesson = isEasy
      ? drawLesson(exercise, method.lesson.withDigit, method.lesson.without, random)
      : await hardLesson(training, exercise);
    const { loss } = learn(network, method, lesson, adam);
    adam.step(learningRate * learningRateFactor(step / steps));
    recent += (loss / lesson.labels.length - recent) * (step === 0 ? 1 : 0.05);
    await onProgress?.({
      step: step + 1,
      steps,
      loss: recent,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** A lesson with hard negatives: windows without a digit that the network takes for one. */
async function hardLesson(
  { network, method, random }: DetectorTraining,
  exercise: Exercise,
): Promise<Lesson> {
  const drawn = drawLesson(exercise, method.lesson.withDigit, method.mined, random);
  const outputs = await method.infer(network, drawn.picture, viewsOf(drawn.windows, drawn.picture), {
    times: noTimes(),
  });
  const beliefs = drawn.windows.map(
    (_, i) => softmax(outputs.subarray(i * OUTPUTS, i * OUTPUTS + SCORES))[BACKGROUND],
  );
  const hard = Math.round(HARD_SHARE * method.lesson.without);
  return keepHardest(drawn, beliefs, { hard, easy: method.lesson.without - hard });
}

function learn(network: DetectorNetwork, method: Method, lesson: Lesson, adam: Adam): Verdict {
  const verdict: Verdict = { loss: 0, correct: 0 };
  tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () =>
        detectionLoss(
          network.head(method.learn(network, lesson.picture, viewsOf(lesson.windows, lesson.picture))),
          lesson,
          verdict,
        ),
      [...method.trained(network)],
    );
    adam.add(grads, lesson.labels.length);
  });
  return verdict;
}
