/** `oaas load population`: options in, report out. */
import { nodeTransport } from '../../../../sdk/typescript/src/transport-node.ts';
import { bohmerShare } from '../../../experiments/bohmer.ts';
import { recordedHead } from '../../../experiments/machine.ts';
import { drawPopulation } from '../../../simulator/population/population.ts';
import { ExitCode } from '../../errors.ts';
import { writeJson, writeLine } from '../../io.ts';
import type { System, SystemOptions } from '../../system.ts';
import { parseDurationMs, parseNumber } from '../../units.ts';
import { openCsv } from '../csv-file.ts';
import { loadProgress } from '../progress.ts';
import { calibrate } from './calibrate.ts';
import { drivePopulation } from './drive-population.ts';
import { populationCsv, renderPopulation, reportPopulation } from './report.ts';

export interface PopulationCommandOptions extends SystemOptions {
  devices: string;
  duration: string;
  speed: string;
  startHour: string;
  rate: string;
  session: string;
  pause: string;
  core: string;
  energyWeight: string;
  shadow: string;
  seed: string;
  maxInFlight: string;
  csv?: string;
  json?: boolean;
  allowRemote?: boolean;
}

/** Longer runs are several runs. */
const longestMs = 3_600_000;

/** Runs it and prints the report, also when ended by Ctrl-C. @returns the exit code */
export async function startPopulation(options: PopulationCommandOptions, system: System): Promise<number> {
  const devices = parseNumber(options.devices, '--devices', { min: 1, max: 20_000, integer: true });
  const durationMs = Math.min(longestMs, parseDurationMs(options.duration, '--duration'));
  const durationS = durationMs / 1_000;
  const ratePerS = parseNumber(options.rate, '--rate', { min: 0.01, max: 1_000 });
  const seed = parseNumber(options.seed, '--seed', { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const coreSpeed = parseNumber(options.core, '--core', { min: 0.01, max: 100 });
  const energyWeight = parseNumber(options.energyWeight, '--energy-weight', { min: 0, max: 1 });
  const shadowShare = parseNumber(options.shadow, '--shadow', { min: 0, max: 1 });
  const mostInFlight = parseNumber(options.maxInFlight, '--max-in-flight', { min: 1, max: 10_000, integer: true });
  const tasks = drawPopulation({
    devices,
    durationS,
    startHour: parseNumber(options.startHour, '--start-hour', { min: 0, max: 24 }),
    speed: parseNumber(options.speed, '--speed', { min: 1e-3, max: 1e6 }),
    tasksPerDevice: (ratePerS * durationS) / devices,
    tasksPerSession: parseNumber(options.session, '--session', { min: 1, max: 10_000 }),
    pauseS: parseDurationMs(options.pause, '--pause') / 1_000,
    dayShare: bohmerShare,
    seed,
  });
  const csv = await openCsv(options.csv);
  const work = await calibrate();
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const progress = loadProgress(tasks.length, durationMs);
  const transport = nodeTransport();
  const now = new Date();
  const startMs = performance.now();
  try {
    const { endpoints, deviceKey } = system;
    const records = await drivePopulation({
      tasks,
      endpoints,
      deviceKey,
      transport,
      work,
      coreSpeed,
      energyWeight,
      shadowShare,
      mostInFlight,
      seed,
      signal: stop.signal,
      onSent: progress.sent,
      onRecord: progress.done,
    });
    const report = reportPopulation(records, (performance.now() - startMs) / 1_000, stop.signal.aborted);
    progress.stop();
    const command = `oaas load population --devices ${devices} --duration ${durationS}s --speed ${options.speed} --rate ${ratePerS} --core ${coreSpeed} --seed ${seed}`;
    const unwritten = await csv.write(() => populationCsv(records, recordedHead(command, now)));
    if (options.json) writeJson(report);
    else writeLine(renderPopulation(report));
    if (unwritten !== null) throw unwritten;
    if (stop.signal.aborted) return ExitCode.interrupted;
    return records.length > 0 && report.responseMs === null ? ExitCode.failure : ExitCode.ok;
  } finally {
    progress.stop();
    transport.close();
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
  }
}
