import { expose } from 'comlink';
import { Network } from './network.js';

expose(new Network());
