import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { sendJson, startHttpStub } from '../support/http-stub.ts';

/** What OTLP over HTTP says of traces in JSON, as far as tests look. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[];
  }[];
}

/** `node src/main.ts` in front of its own sandbox. */
function start(env: Record<string, string>) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { PATH, PORT: '0', SANDBOX_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const closed = once(child, 'close');
  return {
    output,
    async ask(query: string): Promise<void> {
      await expect.poll(() => output.stdout, { timeout: 15_000 }).toContain('Sigillo: ');
      const url = /open (http:\S+)/.exec(output.stdout)?.[1] ?? '';
      const headers = { 'content-type': 'application/json' };
      await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).text();
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await closed;
      return { code, ...output };
    },
  };
}

test('a gateway with an endpoint sends it its traces, the last ones before it ends', async () => {
  const collector = await startHttpStub((_, res) => sendJson(res, 200, {}));
  const main = start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=a-token',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prova',
  });
  await main.ask('{ dossier(id: "1") { id } }');
  expect(await main.stop()).toMatchObject({ code: 0, stderr: '' });
  const [call] = collector.calls;
  expect(call).toMatchObject({ method: 'POST', path: '/v1/traces' });
  expect(call?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'a-token' });
  const { resourceSpans }: Export = JSON.parse(String(call?.body));
  const attributes = resourceSpans.flatMap(({ resource }) =>
    resource.attributes.map(({ key, value }) => [key, value.stringValue]),
  );
  expect(Object.fromEntries(attributes)).toMatchObject({
    'service.name': 'sigillo',
    'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
    'deployment.environment.name': 'prova',
  });
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  expect(spans.map(({ name }) => name)).toEqual(['getDossier', 'Query.dossier', 'query dossier']);
});

test(
  'a collector that is gone is told in the log, once, and holds nobody up',
  { timeout: 60_000 },
  async () => {
    const gone = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    await gone.ask('{ __typename }');
    await expect.poll(() => gone.output.stdout, { timeout: 15_000 }).toContain('traces could not be sent');
    const { code, stdout } = await gone.stop();
    expect(code).toBe(0);
    expect(stdout.match(/traces could not be sent/g)).toHaveLength(1);
    expect(stdout).not.toContain('127.0.0.1:9');
  },
);
