#!/usr/bin/env node
import cluster from 'node:cluster';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { hangUpWithNpm } from './npm-parent.ts';

/*
 * The command of the installed package, `npm start` and `npm run sandbox`. It checks the version of Node before it imports
 * other files, because an older Node cannot parse them.
 */

const OLDEST_NODE = [24, 18] as const;
const USAGE = `Usage: sigillo [command]

  sigillo             the gateway: GraphQL for Firma con IO, with the sandbox unless FIRMA_API_KEY is set
  sigillo sandbox     the sandbox alone: sigillo sandbox --help
  sigillo --version
`;

async function run(command: string | undefined): Promise<void> {
  switch (command) {
    case undefined:
      await import('./gateway/run-gateway.ts');
      break;
    case 'sandbox':
      process.argv.splice(2, 1);
      await import('../mocks/sandbox/main.ts');
      break;
    case '--version': {
      const { readVersion } = await import('./version.ts');
      process.stdout.write(`${readVersion()}\n`);
      break;
    }
    case '--help':
      process.stdout.write(USAGE);
      break;
    default:
      process.stderr.write(`Unknown command "${command}".\n\n${USAGE}`);
      process.exitCode = 2;
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `Sigillo requires Node ${OLDEST_NODE.join('.')} or later; this is ${process.version}.\n`,
  );
  process.exitCode = 1;
} else {
  // Compiling takes half of the time to start. The cache is beside the code, because it is code too.
  enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? join(import.meta.dirname, '..', '.compile-cache'));
  // A worker ends with its primary.
  if (cluster.isPrimary) hangUpWithNpm();
  await run(process.argv[2]);
}
