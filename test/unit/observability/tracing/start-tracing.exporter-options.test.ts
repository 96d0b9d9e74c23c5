import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exporterOptions } from '../../../../src/observability/tracing/start-tracing.ts';
import { createProxyFor } from '../../../../src/upstream/connect-through.ts';

const proxyFor = createProxyFor({
  https: new URL('http://me:pass@proxy.example:3128'),
  except: 'inside.example',
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://inside.example' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://localhost:4318' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'no URL' }],
  [{}],
])('without a proxy for the collector the exporter keeps its defaults: %j', (env) => {
  expect(exporterOptions(env, proxyFor)).toEqual({});
});

test('the endpoint of traces takes precedence, and the CA certificate of the exporter is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, 'a certificate');
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://inside.example',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example',
    OTEL_EXPORTER_OTLP_CERTIFICATE: file,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: join(folder, 'missing.pem'),
  };
  const proxy = 'http://me:pass@proxy.example:3128/';
  expect(exporterOptions(env, proxyFor)).toEqual({
    httpAgentOptions: {
      keepAlive: true,
      proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
      ca: Buffer.from('a certificate'),
    },
  });
});
