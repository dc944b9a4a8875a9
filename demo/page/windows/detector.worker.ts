import { expose } from 'comlink';
import { DetectorDesk } from './detector-desk.js';

expose(new DetectorDesk());
