/** Bundles the Lambda handlers: one minified ES module each, with exactly what it uses. Faster to load than the runtime's SDK, and pinned. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outputs = join(root, 'node_modules', '.cache', 'oaas', 'lambdas');

/** Folder with the index.mjs of a handler, once `bundleHandlers` has run. */
export const handlerFolder = (name: string, outdir = outputs): string => join(outdir, name);

/** Some dependencies are CommonJS and call `require` for Node's own modules. */
const requireBanner =
  "import{createRequire as oaasRequire}from'node:module';const require=oaasRequire(import.meta.url);";

/** Builds every folder of lambdas/ that has a handler.ts. */
export async function bundleHandlers(outdir = outputs): Promise<{ names: string[]; metafile: Metafile }> {
  const names = (await readdir(join(root, 'lambdas'))).sort();
  const { metafile } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, join(root, 'lambdas', name, 'handler.ts')])),
    outdir,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    plugins: [englishOnly, environmentCredentials, pureSchemas],
  });
  return { names, metafile };
}

/** zod carries its messages in some fifty languages. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup(bundle) {
    bundle.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/** A function's credentials are in its environment; the SDK's default chain carries clients of SSO, STS and others. */
const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup(bundle) {
    bundle.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) =>
      bundle.resolve('@aws-sdk/credential-provider-env', { kind: 'import-statement', resolveDir }).then((found) => ({
        path: found.path,
        namespace: 'environment-credentials',
        pluginData: resolveDir,
      })),
    );
    bundle.onLoad({ filter: /.*/, namespace: 'environment-credentials' }, ({ path, pluginData }) => ({
      contents: `import { fromEnv } from ${JSON.stringify(path)}; export const defaultProvider = () => fromEnv();`,
      resolveDir: pluginData as string,
      loader: 'js',
    }));
  },
};

/**
 * The SDK describes every shape of a service as a top-level array. Computed keys in them keep esbuild from dropping those that no
 * command refers to (half a megabyte for EC2); marked as pure they go.
 */
const pureSchemas: Plugin = {
  name: 'pure-schemas',
  setup(bundle) {
    bundle.onLoad(
      { filter: /@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async (file) => {
        const source = await readFile(file.path, 'utf8');
        const contents = source.replace(
          /^((?:export )?var \S+ = )(\[[\s\S]*?\]);$/gm,
          '$1/* @__PURE__ */ (() => ($2))();',
        );
        return { contents, loader: 'js' };
      },
    );
  },
};
