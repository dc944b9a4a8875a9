import { expose } from 'comlink';
import { TrainingSession } from './training-session.js';

expose(new TrainingSession());
