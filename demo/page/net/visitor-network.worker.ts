import { expose } from 'comlink';
import { VisitorNetworks } from './visitor-network.js';

expose(new VisitorNetworks());
