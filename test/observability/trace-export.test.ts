import { expect, test } from 'vitest';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { runMain } from '../support/start-main.ts';

/** The parts of an OTLP export in JSON that the tests use. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[];
  }[];
}

/** The gateway as a process, with its own sandbox. */
function start(env: Record<string, string>) {
  const main = runMain(env);
  return {
    output: main.output,
    async ask(query: string): Promise<void> {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ query });
      await (await fetch(await main.url(), { method: 'POST', headers, body })).text();
    },
    stop() {
      main.child.kill('SIGTERM');
      return main.ended();
    },
  };
}

test('traces are sent to the configured endpoint, the last ones during shutdown', async () => {
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
  'an unreachable collector is logged once, and delays neither requests nor shutdown',
  { timeout: 60_000 },
  async () => {
    const gone = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    await gone.ask('{ __typename }');
    await expect.poll(() => gone.output.stdout).toContain('traces could not be sent');
    const { code, stdout } = await gone.stop();
    expect(code).toBe(0);
    expect(stdout.match(/traces could not be sent/g)).toHaveLength(1);
    expect(stdout).not.toContain('127.0.0.1:9');
  },
);
