import { Worker } from 'node:worker_threads';
import type { PlanFleet } from '../app/scaler/deps.ts';
import type { PlanResult } from '../domain/planner/types.ts';
import type { PlanRequest } from './plan-worker.ts';

export interface PlanThread {
  plan: PlanFleet;
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: PlanResult): void;
  reject(error: Error): void;
}

/** One planning thread for all regions; it starts with the first problem, and again should it ever end. */
export function createPlanThread(file: string): PlanThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let nextId = 0;

  function start(): Worker {
    const started = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    started.unref();
    started.on('message', ({ id, result, error }: { id: number; result?: PlanResult; error?: string }) => {
      const request = waiting.get(id);
      waiting.delete(id);
      if (result !== undefined) request?.resolve(result);
      else request?.reject(new Error(error ?? 'the planner gave no answer'));
    });
    const ended = (error: Error): void => {
      if (worker === started) worker = null;
      for (const request of waiting.values()) request.reject(error);
      waiting.clear();
    };
    started.once('error', ended);
    started.once('exit', () => ended(new Error('the planning thread ended')));
    return started;
  }

  return {
    plan(problem, options) {
      worker ??= start();
      const id = nextId++;
      const answer = new Promise<PlanResult>((resolve, reject) => waiting.set(id, { resolve, reject }));
      const request: PlanRequest = { id, problem, workLimitMs: options?.workLimitMs };
      worker.postMessage(request);
      return answer;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
