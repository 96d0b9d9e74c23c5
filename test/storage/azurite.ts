import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { BLOCK_BLOB, MINUTE_MS, send } from '../sandbox/support-storage.ts';
import type { StorageUnderTest } from '../sandbox/support-storage.ts';

// Azurite's well-known development account; the key is in its documentation.
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const CONTAINER = 'uploaded-documents';

/** Microsoft's emulator of Blob Storage, in memory and on a free port: the reference for the storage protocol. */
export async function startAzurite() {
  const port = await freePort();
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const args = [
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--disableTelemetry',
    '--silent',
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    String(port),
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    // The output is read to the end, because it writes again when it stops.
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes('successfully listen')) resolve();
    });
    child.once('exit', () => reject(new Error(`Azurite did not start: ${output}`)));
  });
  const origin = `http://127.0.0.1:${port}`;
  const credential = new StorageSharedKeyCredential(ACCOUNT, KEY);
  const container = new BlobServiceClient(`${origin}/${ACCOUNT}`, credential).getContainerClient(CONTAINER);
  await container.create();

  return {
    origin,
    /** A pre-signed upload URL like those of the service: for one blob, with its permissions, for 15 minutes. */
    address(
      blobName: string,
      {
        permissions = 'racw',
        startsOn = new Date(Date.now() - 60 * 60_000),
        expiresOn = new Date(Date.now() + 15 * 60_000),
      } = {},
    ): string {
      const sas = generateBlobSASQueryParameters(
        {
          containerName: CONTAINER,
          blobName,
          permissions: BlobSASPermissions.parse(permissions),
          startsOn,
          expiresOn,
          contentType: 'application/pdf',
        },
        credential,
      );
      return `${container.getBlobClient(blobName).url}?${sas.toString()}`;
    },
    /** The committed blob with a name, or undefined. */
    async read(blobName: string): Promise<{ content: Buffer; contentType: string | undefined } | undefined> {
      const blob = container.getBlobClient(blobName);
      if (!(await blob.exists())) return undefined;
      const { contentType } = await blob.getProperties();
      return { content: await blob.downloadToBuffer(), contentType };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Azurite, as the tests of the sandbox's storage see it. */
export function azuriteStorage(azurite: Awaited<ReturnType<typeof startAzurite>>): StorageUnderTest {
  let blobs = 0;
  const name = (): string => `blob-${(blobs += 1)}`;
  const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * MINUTE_MS);
  return {
    fresh: async () => azurite.address(name()),
    expired: async () => azurite.address(name(), { expiresOn: inMinutes(-1) }),
    notYetValid: async () => azurite.address(name(), { startsOn: inMinutes(10), expiresOn: inMinutes(20) }),
    async readOnly() {
      const blob = name();
      const { status } = await send(azurite.address(blob), { headers: BLOCK_BLOB, body: 'signed' });
      if (status !== 201) throw new Error(`Azurite refused a file: ${status}`);
      return azurite.address(blob, { permissions: 'r' });
    },
  };
}

/** A free port: Azurite does not report the port that it chooses for 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
