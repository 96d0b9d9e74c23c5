import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

/** Each stream has its own connection, as in a browser. */
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

const QUERY = `subscription ($id: ID!) { signatureRequestChanged(id: $id) {
  id status signedAt notification { ioMessageId } documents { id status } } }`;

/** The request in an event. */
export interface Shown {
  readonly id: string;
  readonly status: string;
  readonly signedAt: string | null;
  readonly notification: object | null;
}

/**
 * Subscribes to a request. `onEvent` gets each complete event and its arrival time (`Date.now()`).
 * @returns a function that ends the subscription, after the first event
 */
export async function subscribe(
  url: string,
  id: string,
  onEvent: (shown: Shown, at: number) => void,
): Promise<() => void> {
  const body = JSON.stringify({ query: QUERY, variables: { id } });
  const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
  sent.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  let text = '';
  const began = Promise.withResolvers<void>();
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const at = Date.now();
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.+)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const event = JSON.parse(data) as { data?: { signatureRequestChanged: Shown } };
      if (event.data === undefined) began.reject(new Error(`an event is ${data}`));
      else onEvent(event.data.signatureRequestChanged, at);
      began.resolve();
    }
  });
  response.on('error', began.reject);
  await began.promise;
  return () => void sent.destroy();
}
