import { createMemoryState } from '../support/memory-state.ts';
import { stateStoreContract } from './state-store.ts';

// The double that scaler and dispatcher tests stand on must behave as the store does.
stateStoreContract('in memory (test double)', async () => createMemoryState());
