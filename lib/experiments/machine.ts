import { cpus } from 'node:os';

/** What a recorded run is to be read with: when, on what, by which command. Comment lines for the head of its CSV. */
export function recordedHead(command: string, now: Date): string[] {
  const cores = cpus();
  return [
    `date: ${now.toISOString().slice(0, 16)}Z`,
    `machine: ${(cores[0]?.model ?? 'unknown').trim()}, ${cores.length} cores, Node ${process.version}`,
    `command: ${command}`,
  ];
}
