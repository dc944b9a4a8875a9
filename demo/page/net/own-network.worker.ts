import { expose } from 'comlink';
import { OwnNetworks } from './own-network.js';

expose(new OwnNetworks());
