import { connect } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A connection that a test writes what it wants to. It ends with the test. */
export async function openSocket(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // a server that closes on us is what many of these tests want
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => (received += String(text)));
  await once(socket, 'connect');
  // `once` would reject when the server resets the connection.
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  return {
    socket,
    /** All that came so far. */
    received: () => received,
    /** Ends when the server has closed the connection. */
    closed: (): Promise<void> => closed,
  };
}

/** Sends a request as it is written here, lines without their CRLF, and gives back all that comes until the end. */
export async function exchange(url: string, lines: readonly string[], body = ''): Promise<string> {
  const { socket, received, closed } = await openSocket(url);
  const end = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  socket.write(`${[...lines, ...end, 'connection: close'].join('\r\n')}\r\n\r\n${body}`);
  await closed();
  return received();
}
