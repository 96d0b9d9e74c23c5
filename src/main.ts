#!/usr/bin/env node
import cluster from 'node:cluster';
import { join } from 'node:path';
import { hangUpWithNpm } from './npm-parent.ts';

/*
 * The command of the installed package, `npm start` and `npm run sandbox`. It checks the version of Node before it imports
 * other files, because an older Node cannot parse them.
 */

const OLDEST_NODE = [24, 18] as const;
const VERSION_FLAGS: readonly string[] = ['--version', '-v'];
const USAGE = `Usage: sigillo [command]

  sigillo             the gateway: GraphQL for Firma con IO
  sigillo sandbox     the sandbox alone: sigillo sandbox --help
  sigillo --version   print the version
  sigillo --help      print this help

The gateway is configured by environment variables, such as:

  FIRMA_API_KEY       the key of the service; without it a sandbox starts
  AUTH                how callers authenticate; required with a key
  PORT                the port to listen on (4000)
  LOG_LEVEL           the lowest level that is logged (info)
  NO_COLOR            any value turns colours off; FORCE_COLOR=1 turns them on

docs/reference/configuration.md has all of them. At a terminal the log is for
people; elsewhere it is JSON, one event per line.
`;

async function run(command: string | undefined): Promise<void> {
  switch (command) {
    case undefined:
      await import('./gateway/run-gateway.ts');
      break;
    case 'sandbox':
      // The sandbox has no version of its own.
      if (VERSION_FLAGS.includes(process.argv[3] ?? '')) return printVersion();
      process.argv.splice(2, 1);
      await warnAboutSandboxVariables();
      await import('../mocks/sandbox/main.ts');
      break;
    case '--version':
    case '-v':
      await printVersion();
      break;
    case '--help':
    case '-h':
      process.stdout.write(USAGE);
      break;
    default:
      process.stderr.write(`Unknown command "${command}".\n\n${USAGE}`);
      process.exitCode = 2;
  }
}

async function warnAboutSandboxVariables(): Promise<void> {
  const { sandboxMisspellingsIn } = await import('./config/misspellings.ts');
  for (const warning of sandboxMisspellingsIn(process.env)) process.stderr.write(`${warning}\n`);
}

async function printVersion(): Promise<void> {
  const { readVersion } = await import('./version.ts');
  process.stdout.write(`${readVersion()}\n`);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `Sigillo requires Node ${OLDEST_NODE.join('.')} or later; this is ${process.version}.\n`,
  );
  process.exitCode = 1;
} else {
  // Compiling takes half of the time to start. The cache is beside the code, because it is code too.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? join(import.meta.dirname, '..', '.compile-cache'));
  // A worker ends with its primary.
  if (cluster.isPrimary) hangUpWithNpm();
  await run(process.argv[2]);
}
