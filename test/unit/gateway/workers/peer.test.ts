import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Peer } from '../../../../src/gateway/workers/peer.ts';
import type { Methods } from '../../../../src/gateway/workers/peer.ts';

/** One end of a channel that carries JSON, as IPC does. */
class End extends EventEmitter {
  other: End | undefined;

  send(message: object, callback: (error: Error | null) => void): void {
    if (this.other === undefined) callback(new Error('closed'));
    else
      setImmediate((json: string) => this.other?.emit('message', JSON.parse(json)), JSON.stringify(message));
  }
}

function connect(methods: Methods) {
  const [near, far] = [new End(), new End()];
  [near.other, far.other] = [far, near];
  return { near, far, peer: new Peer(near, {}), server: new Peer(far, methods) };
}

test('a call gets the result of the other end, also if there is none', async () => {
  const { peer } = connect({
    double: (text) => `${text}${text}`,
    later: async (text) => ({ text }),
    nothing: () => undefined,
  });
  const results = await Promise.all([
    peer.call('double', 'a', z.string()),
    peer.call('later', 'b', z.object({ text: z.string() })),
    peer.call('nothing', '', z.enum(['full']).optional()),
  ]);
  expect(results).toEqual(['aa', { text: 'b' }, undefined]);
});

test('a method that fails, and a result of another type, fail the call', async () => {
  const { peer } = connect({ fail: () => Promise.reject(new Error('secret')), text: () => 'a' });
  await expect(peer.call('fail', '', z.unknown())).rejects.toThrow('the other process could not do it');
  await expect(peer.call('text', '', z.number())).rejects.toThrow();
});

test('calls fail when the other process has ended', async () => {
  const { near, peer } = connect({ hang: () => new Promise(() => {}) });
  const hanging = peer.call('hang', '', z.unknown());
  peer.close();
  await expect(hanging).rejects.toThrow('the process has ended');
  near.other = undefined;
  await expect(peer.call('hang', '', z.unknown())).rejects.toThrow('the channel is closed');
});

test('messages of other programs are ignored', async () => {
  const { near, far, peer } = connect({ text: () => 'a' });
  for (const message of [{ 'watch:import': ['a'] }, 'x', null, { sigillo: 'result', id: 99 }]) {
    near.emit('message', message);
    far.emit('message', message);
  }
  expect(await peer.call('text', '', z.string())).toBe('a');
});
