import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Uploads by curl, each in a process of its own. */
export interface TestFile {
  readonly path: string;
  readonly bytes: number;
}

const MIB = 1024 * 1024;

/** Random bytes with the start of a PDF, as most of a PDF is compressed. */
export async function writeTestFile(folder: string, bytes: number): Promise<TestFile> {
  const path = join(folder, `${bytes}.pdf`);
  const part = randomBytes(Math.min(bytes, MIB));
  part.write('%PDF-1.7');
  await writeFile(
    path,
    Array.from({ length: bytes / part.length }, () => part),
  );
  return { path, bytes };
}

const OPERATIONS = JSON.stringify({
  query: `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { sizeBytes } ... on Error { code message } } }`,
  // The stub validates nothing, so there is no outcome to wait for.
  variables: {
    input: { signatureRequestId: 'request', documentId: 'document', file: null, waitSeconds: 0 },
  },
});

/** @param url of the gateway */
export async function upload(url: string, { path, bytes }: TestFile): Promise<void> {
  const parts = [`operations=${OPERATIONS}`, 'map={"0":["variables.input.file"]}', `0=@${path}`];
  const answer = await curl([...parts.flatMap((part) => ['-F', part]), url]);
  if (answer !== `{"data":{"uploadDocument":{"sizeBytes":${bytes}}}}`) throw new Error(answer);
}

/** @param storage the origin of the storage */
export async function uploadDirectly(storage: string, { path }: TestFile): Promise<void> {
  await curl(['-T', path, `${storage}/account/uploads/0`]);
}

async function curl(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '--fail', ...args]);
  return stdout;
}
