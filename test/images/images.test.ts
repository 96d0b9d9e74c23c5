import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { requestSignature } from './request-signature.ts';
import { buildImage } from './image.ts';
import type { Image } from './image.ts';

const BUILD_MS = 15 * 60_000;

let gateway: Image;
let sandbox: Image;

beforeAll(async () => {
  execFileSync('test/images/base-image.sh', {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' },
  });
  gateway = await buildImage('gateway');
  sandbox = await buildImage('sandbox');
}, BUILD_MS);

afterAll(async () => {
  await gateway.remove();
  await sandbox.remove();
});

async function startSandbox() {
  const container = await sandbox.start(['--port', '0', '--json']);
  onTestFinished(container.kill);
  const port = await container.printed(/"port":(\d+)/);
  return { container, port, origin: `http://127.0.0.1:${port}` };
}

async function startGateway(variables: Readonly<Record<string, string>>) {
  const container = await gateway.start([], { PORT: '0', ...variables });
  onTestFinished(container.kill);
  const port = await container.printed(/http:\/\/localhost:(\d+)/);
  return { container, port, url: `http://127.0.0.1:${port}/graphql` };
}

test('a signature is requested through a gateway container and a sandbox container, to a notified signer', async () => {
  const service = await startSandbox();
  const { url, container } = await startGateway({
    AUTH: 'none',
    FIRMA_API_KEY: 'a-key',
    FIRMA_API_URL: `${service.origin}/api/v1/sign`,
    FIRMA_STORAGE_HOSTS: service.origin,
  });
  expect(await requestSignature(url)).toMatchObject({
    __typename: 'RequestSignaturePayload',
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE', notification: { ioMessageId: expect.any(String) } },
  });
  expect(await container.stop()).toBe(0);
  expect(await service.container.stop()).toBe(0);
});

test.each(['gateway', 'sandbox'] as const)(
  'the %s runs as a user without rights, on a read-only root',
  async (name) => {
    const image = { gateway, sandbox }[name];
    const script = `try { fs.writeFileSync('/opt/sigillo/x', '') } catch ({ code }) { console.log(process.getuid(), code) }`;
    const { stdout } = await image.exec(['node', '-e', script]);
    expect(stdout).toBe('1000 EROFS\n');
    expect(image.config.User).toBe('1000:1000');
  },
);

test('the health check of each image succeeds while it serves, and fails after', async () => {
  const service = await startSandbox();
  const { container, port } = await startGateway({ AUTH: 'none', SANDBOX_URL: service.origin });
  const [, ...ofGateway] = gateway.config.Healthcheck.Test;
  const [, ...ofSandbox] = sandbox.config.Healthcheck.Test;
  await gateway.exec(ofGateway, { PORT: port });
  await sandbox.exec(ofSandbox, { SANDBOX_PORT: service.port });
  await container.stop();
  await service.container.stop();
  await expect(gateway.exec(ofGateway, { PORT: port })).rejects.toMatchObject({ code: 1 });
  await expect(sandbox.exec(ofSandbox, { SANDBOX_PORT: service.port })).rejects.toMatchObject({ code: 1 });
});

test('the gateway refuses to start in production without an API key', async () => {
  await expect(gateway.exec(gateway.config.Entrypoint)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('FIRMA_API_KEY'),
  });
});

const sbomRules = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(z.object({ name: z.string(), version: z.string() })),
});

test.each(['gateway', 'sandbox'] as const)(
  'the %s image lists its packages, and has no development dependency',
  async (name) => {
    const image = { gateway, sandbox }[name];
    const { stdout } = await image.exec(['node', '-p', `fs.readFileSync('sbom.cdx.json', 'utf8')`]);
    const names = sbomRules.parse(JSON.parse(stdout)).components.map((component) => component.name);
    expect(names).toContain('graphql-yoga');
    expect(names).not.toContain('vitest');
    expect(image.config.Labels['org.opencontainers.image.licenses']).toBe('MIT');
  },
);
