import { onTestFinished } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox, SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { startGateway as start } from '../../src/gateway/start-gateway.ts';
import { gatewayOptions } from './gateway-options.ts';
import type { GatewayOverrides } from './gateway-options.ts';
import { readAnswer } from './read-answer.ts';

/** A complete gateway with its own sandbox; a contract violation in either direction fails the test. */
export async function startGateway(overrides: GatewayOverrides = {}, sandboxOptions: SandboxOptions = {}) {
  const sandbox: Sandbox = await startSandbox({ timeScale: 0.01, rateLimit: false, ...sandboxOptions });
  const upstream = { apiUrl: new URL(sandbox.url), storageHosts: [sandbox.origin] };
  const gateway = await start(gatewayOptions(upstream, overrides));
  onTestFinished(async () => {
    await gateway.close();
    await sandbox.close();
  });
  return {
    sandbox,
    close: () => gateway.close(),
    metricsUrl: gateway.metricsUrl ?? '',
    ...clientOf(gateway.url),
  };
}

/** Any JSON object, read with optional chaining; the expectations check its shape. */
export interface Json {
  readonly [name: string]: Json | undefined;
}

interface Answer {
  readonly data: Json;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

function clientOf(url: string) {
  const read = async (response: Response): Promise<Answer> => (await readAnswer(response)) as Answer;
  return {
    url,
    run: async (query: string, variables: object = {}, operationName?: string) =>
      read(
        await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables, operationName }),
        }),
      ),
    upload: async (query: string, variables: object, file: Uint8Array<ArrayBuffer>) => {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query, variables }));
      form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
      form.set('0', new Blob([file], { type: 'application/pdf' }), 'a.pdf');
      return read(await fetch(url, { method: 'POST', body: form }));
    },
  };
}
