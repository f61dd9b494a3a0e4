import { setTimeout as sleep } from 'node:timers/promises';
import { decision } from './decision/decision.ts';
import type { Experiment } from './experiment.ts';
import { halfTheRent } from './half-the-rent/half-the-rent.ts';
import { iotFigure3 } from './iot-figure-3.ts';
import { iotFigure3c } from './iot-figure-3c.ts';
import { iotFigure4b } from './iot-figure-4b.ts';
import { iotFigure4c } from './iot-figure-4c.ts';
import { iotFigure5 } from './iot-figure-5.ts';
import type { OpenLab } from './live-lab.ts';
import { oaasExperiment1 } from './oaas-experiment-1.ts';
import { oaasExperiment2 } from './oaas-experiment-2.ts';
import { oaasExperiment3 } from './oaas-experiment-3.ts';
import { oaasExperiment4 } from './oaas-experiment-4.ts';
import { oaasFigure3 } from './oaas-figure-3.ts';

/** Loaded when an experiment needs it: it brings the whole local system. */
const openLab: OpenLab = async (type) => (await import('../local/routing-target.ts')).openRoutingTarget(type);

/** Every experiment, in the order `list` shows and `all` runs them. */
export const experiments: readonly Experiment[] = [
  oaasFigure3,
  oaasExperiment1,
  oaasExperiment2,
  oaasExperiment3,
  oaasExperiment4,
  iotFigure3(openLab),
  iotFigure3c,
  iotFigure4b(openLab, sleep),
  iotFigure4c(openLab),
  iotFigure5(openLab),
  decision,
  halfTheRent,
];
