import { expose } from 'comlink';
import { Classroom } from './classroom.js';

expose(new Classroom());
