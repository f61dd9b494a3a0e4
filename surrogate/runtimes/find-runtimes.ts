import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import type { RuntimeId } from '../../lib/ports/contracts/config.ts';
import type { Log } from '../../lib/ports/log.ts';
import type { ToolRunner } from '../isolation/tool.ts';
import type { Isolation } from '../isolation/types.ts';
import { DalvikRuntime } from './art/dalvik-runtime.ts';
import { TranslatedRuntime } from './art/translated-runtime.ts';
import type { JvmTools } from './jvm/command.ts';
import { findJava } from './jvm/java-home.ts';
import { JvmRuntime } from './jvm/jvm-runtime.ts';
import type { Runtime, Runtimes } from './runtime.ts';

interface Options {
  config: Pick<AgentConfig, 'java' | 'javaTools' | 'artRoot' | 'workDir'>;
  node: Runtime;
  isolation: Isolation;
  runTool: ToolRunner;
  log: Log;
}

/** Looks for what this machine can run; starts nothing. */
export function findRuntimes(options: Options): Runtimes {
  const { config, node, isolation, runTool, log } = options;
  const jvm = findJvm(options);
  const dalvik = DalvikRuntime.find(config.artRoot, join(config.javaTools, 'runner-dex.jar'), isolation.name);
  if (dalvik instanceof DalvikRuntime) return { node, jvm: jvm.runtime ?? unserved('jvm', jvm.reason), art: dalvik };
  if (jvm.runtime === null) {
    return { node, jvm: unserved('jvm', jvm.reason), art: unserved('art', `${dalvik}, and ${jvm.reason}`) };
  }
  const folder = join(jvm.tools.javaTools, 'translator');
  const jars = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jar')) : [];
  if (jars.length === 0) {
    return { node, jvm: jvm.runtime, art: unserved('art', `${dalvik}, and no translator in ${folder}`) };
  }
  const tools: JvmTools = { ...jvm.tools, runTool, log };
  return {
    node,
    jvm: jvm.runtime,
    art: new TranslatedRuntime(
      jvm.runtime,
      tools,
      jars.sort().map((name) => join(folder, name)),
    ),
  };
}

function findJvm({
  config,
  isolation,
  runTool,
  log,
}: Options): { runtime: JvmRuntime; tools: JvmTools & { javaTools: string } } | { runtime: null; reason: string } {
  const runnerJar = join(config.javaTools, 'runner.jar');
  if (!existsSync(runnerJar)) return { runtime: null, reason: `the runner is not built (no ${runnerJar})` };
  const java = findJava(config.java);
  if (typeof java === 'string') return { runtime: null, reason: java };
  const cacheDir = join(config.javaTools, 'archives');
  const tools = { java, runnerJar, cacheDir, isolationName: isolation.name, runTool, log, javaTools: config.javaTools };
  return { runtime: new JvmRuntime(tools), tools };
}

const unserved = (id: RuntimeId, reason: string) => ({ id, unserved: reason });
