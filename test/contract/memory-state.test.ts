import { createMemoryState } from '../support/memory-state.ts';
import { stateStoreContract } from './state-store.ts';

stateStoreContract('in memory, of the tests', async () => createMemoryState());
