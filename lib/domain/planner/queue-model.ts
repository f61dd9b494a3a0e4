import { predict, predictMeanS } from '../queueing/predict.ts';
import type { QueueModel } from './evaluate.ts';

/** The product's own model of a pool: the one `npx oaas model` shows. */
export const productModel: QueueModel = {
  meanS: predictMeanS,
  times: (input) => {
    const result = predict(input);
    return result.status === 'stable' ? result.responseTimeS : null;
  },
};
