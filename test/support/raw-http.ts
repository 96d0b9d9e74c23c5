import { connect } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A raw connection of a test, closed at its end. */
export async function openSocket(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // many of these tests expect the server to close the connection
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => (received += String(text)));
  await once(socket, 'connect');
  // `once` would reject when the server resets the connection.
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  return {
    socket,
    /** All bytes received so far. */
    received: () => received,
    /** Resolves when the server has closed the connection. */
    closed: (): Promise<void> => closed,
  };
}

/** Sends exactly these lines (without CRLF) as a request, and returns all received bytes. */
export async function exchange(url: string, lines: readonly string[], body = ''): Promise<string> {
  const { socket, received, closed } = await openSocket(url);
  const end = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  socket.write(`${[...lines, ...end, 'connection: close'].join('\r\n')}\r\n\r\n${body}`);
  await closed();
  return received();
}
