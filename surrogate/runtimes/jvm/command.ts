import type { Log } from '../../../lib/ports/log.ts';
import type { ToolRunner } from '../../isolation/tool.ts';
import type { SandboxSpec } from '../../isolation/types.ts';
import type { Java } from './java-home.ts';

/** Main class of `runner.jar`. */
export const runnerClass = 'dev.oaas.surrogate.Runner';
/** Options of every JVM here: one short life, small, no helper threads beyond the cores of the run, nothing shared with others. */
export const jvmOptions = (heapMiB: number, cores: number): string[] => [
  '-XX:+UseSerialGC',
  '-XX:-UsePerfData',
  '-XX:-UseContainerSupport',
  `-XX:ActiveProcessorCount=${cores}`,
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Xss1m',
  '-Xms8m',
  `-Xmx${heapMiB}m`,
  '-Xshare:auto',
];

/** What the runner is told of the app: its code, the implementations, the classes allowed in payloads. */
export function appArguments(spec: SandboxSpec, code: string): string[] {
  return [code, (spec.java?.implementations ?? []).join(','), (spec.java?.classes ?? []).join(',')];
}

export interface JvmTools {
  java: Java;
  /** `runner.jar`, built from this folder's Maven project. */
  runnerJar: string;
  /** Where class archives are kept between agents. */
  cacheDir: string;
  isolationName: string;
  runTool: ToolRunner;
  log: Log;
}
