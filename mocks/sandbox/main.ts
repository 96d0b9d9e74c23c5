import { startSandbox } from './server.ts';

const DEFAULT_PORT = 4010;

/** Process entry of `npm run sandbox`. The only file here with side effects. */
const port = Number(process.env['SANDBOX_PORT'] ?? DEFAULT_PORT);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error('SANDBOX_PORT must be a port number, 0 to 65535');
  process.exit(1);
}

const sandbox = await startSandbox({
  port,
  logger: { warn: (facts, message) => console.error(`${message}:`, facts) },
}).catch((error: unknown) => {
  console.error(
    `The sandbox cannot listen on port ${port}: ${error instanceof Error ? error.message : error}`,
  );
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // They were printed when they happened.
    sandbox.takeViolations();
    sandbox.close().catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
  });
}

console.log('Firma con IO sandbox');
console.log(`  API      http://localhost:${sandbox.port}/api/v1/sign`);
console.log(`  API key  any text, in the header Ocp-Apim-Subscription-Key`);
