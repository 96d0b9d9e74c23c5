import { rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { UsageError, USAGE, parseCliOptions } from './cli/cli-options.ts';
import type { CliOptions } from './cli/cli-options.ts';
import { lineOfViolation } from './journal/recorder.ts';
import { startSandbox } from './http/server.ts';
import type { Sandbox, SandboxOptions } from './http/server.ts';

/** Process entry of `npm run sandbox` and `sigillo sandbox`. The only file here with side effects. */
async function run(options: CliOptions): Promise<void> {
  const { strict, json, readyFile } = options;
  if (readyFile !== undefined) {
    // A file left by a killed process would report this one as ready too early.
    await rm(readyFile, { force: true });
    process.once('exit', () => rmSync(readyFile, { force: true }));
  }
  const sandbox = await startSandbox({
    ...sandboxOptionsOf(options),
    logger: {
      warn: (facts, message) =>
        console.error(`${message}:`, 'err' in facts ? facts.err : lineOfViolation(facts)),
    },
  });

  const stop = (): void => {
    // Without --strict, violations only print a warning when they happen.
    if (!strict) sandbox.takeViolations();
    sandbox.close().catch(fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);

  const addresses = addressesOf(sandbox, options.host);
  if (readyFile !== undefined) {
    await writeAtomically(readyFile, `${JSON.stringify(addresses)}\n`).catch(async (error: unknown) => {
      await sandbox.close();
      throw error;
    });
  }
  console.log(json ? JSON.stringify(addresses) : startMessage(addresses, options));
}

/** The addresses of a sandbox, as printed by `--json`. */
interface Addresses {
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  readonly control: string;
}

function addressesOf({ url, origin, port }: Sandbox, host: string): Addresses {
  // A wildcard address cannot be called.
  const reachable = (address: string): string =>
    ['0.0.0.0', '::'].includes(host) ? address.replace(/\/\/[^/]*/, `//127.0.0.1:${port}`) : address;
  return {
    url: reachable(url),
    origin: reachable(origin),
    port,
    control: `${reachable(origin)}/_sandbox`,
  };
}

function startMessage(
  { url, control }: Addresses,
  { timeScale, frozenAt, seed, profile, strict }: CliOptions,
): string {
  const local = (address: string): string => address.replace('//127.0.0.1:', '//localhost:');
  const time =
    frozenAt === undefined
      ? `running: one minute of the service takes ${Number((timeScale * 60).toPrecision(3))} s`
      : `frozen at ${frozenAt.toISOString()}`;
  return [
    'Firma con IO sandbox',
    `  API      ${local(url)}`,
    '  API key  any text, in the header Ocp-Apim-Subscription-Key',
    `  Control  ${local(control)}`,
    `  Time     ${time}`,
    ...(profile === 'documented'
      ? ['  Profile  documented: follows the published document where the running service differs']
      : []),
    ...(seed === undefined ? [] : [`  Seed     ${seed}`]),
    ...(strict ? ['  Strict   exit code 1 if the contract is violated'] : []),
  ].join('\n');
}

/** Writes atomically, so that no reader sees a partial file. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const temporaryPath = `${path}.${process.pid}`;
  await writeFile(temporaryPath, text);
  await rename(temporaryPath, path);
}

/** Omits undefined members, so that defaults apply. */
function sandboxOptionsOf(options: CliOptions): SandboxOptions {
  const { port, host, timeScale, profile, frozenAt, seed } = options;
  return {
    port,
    host,
    timeScale,
    profile,
    ...(frozenAt && { frozenAt }),
    ...(seed !== undefined && { seed }),
  };
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? (listenMistakeIn(error) ?? error.message) : error);
  process.exitCode = 1;
}

/** The message for an address or a port that cannot be used, without the words of the system. */
function listenMistakeIn(error: Error): string | undefined {
  if (!('code' in error && 'syscall' in error)) return undefined;
  // The other calls concern the ready file.
  if (error.syscall !== 'listen' && error.syscall !== 'getaddrinfo') return undefined;
  const port = 'port' in error ? String(error.port) : '';
  if (error.code === 'EADDRINUSE')
    return `The port ${port} is in use. Use another port, or --port 0 for any free port.`;
  if (error.code === 'EACCES') return `This user may not listen on the port ${port}. Use another port.`;
  return `The sandbox cannot listen there (${String(error.code)}). Set --host to an address of this machine.`;
}

try {
  const options = parseCliOptions(process.argv.slice(2), process.env);
  if (options === 'help') process.stdout.write(USAGE);
  else await run(options);
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\nsigillo sandbox --help lists the flags.`);
    process.exitCode = 2;
  } else {
    fail(error);
  }
}
