import { z } from 'zod';

/** Usual key sets have a few kilobytes. */
const MAX_BYTES = 512 * 1024;

/** Each key is validated separately by `usableKeys`. */
const keySetRules = z.object({
  keys: z.array(z.unknown()).refine((keys) => keys.length === 0 || keys.some((key) => isObject(key))),
});
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** The used members of a `Response`, of any `fetch` implementation. */
interface KeySetAnswer {
  readonly status: number;
  readonly body: (AsyncIterable<Uint8Array> & { cancel(): Promise<void> }) | null;
}

/** The key set could not be read. The message contains nothing of the response. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

/**
 * The keys of a response. Any other content, such as an error page with status 200, is a failure, so that known keys stay
 * in use.
 * @throws {KeySetError} for every failure
 */
export async function readKeySet(answer: Promise<KeySetAnswer>): Promise<readonly unknown[]> {
  try {
    const response = await answer;
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new KeySetError(`status ${response.status}`);
    }
    const keys = keysIn(await readText(response));
    if (keys === undefined) throw new KeySetError('the response is not a key set');
    return keys;
  } catch (cause) {
    throw cause instanceof KeySetError ? cause : new KeySetError(reasonOf(cause), { cause });
  }
}

async function readText({ body }: KeySetAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new KeySetError('the response is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    return keySetRules.safeParse(JSON.parse(text)).data?.keys;
  } catch {
    return undefined;
  }
}

/** An error of `fetch` has the network error as its cause. */
function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return 'unknown';
  if (failure.name === 'TimeoutError') return 'no response in time';
  const { cause } = failure;
  return cause instanceof Error && 'code' in cause ? `not reached: ${String(cause.code)}` : 'not reached';
}
