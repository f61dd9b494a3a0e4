import type { Experiment } from './experiment.ts';
import { iotFigure3c } from './iot-figure-3c.ts';
import { iotFigure4c } from './iot-figure-4c.ts';
import { iotFigure5 } from './iot-figure-5.ts';
import { oaasFigure3 } from './oaas-figure-3.ts';

/** Every experiment, in the order `list` shows and `all` runs them. */
export const experiments: readonly Experiment[] = [oaasFigure3, iotFigure3c, iotFigure4c, iotFigure5];
