import type { ServerResponse } from 'node:http';

/**
 * Gives a client `stallMs` for each step that it reads of an answer which is written, and closes the connection of one
 * that leaves the rest unread: it would be kept in memory for as long as the client likes. Answers that are streams have
 * a watch of their own, which knows who waits for whom.
 */
export function expectReader(res: ServerResponse, stallMs: number): void {
  // Everything is handed over, and not yet taken by the system. When it is, Node sets the time of idle connections.
  res.once('prefinish', () => res.socket?.setTimeout(stallMs));
}
