import type { Scheduler } from 'fast-check';
import { WebhookStoreError } from '../../src/webhooks/webhook-store.ts';
import type { WebhookStore } from '../../src/webhooks/webhook-store.ts';

/** `loses answers`: the command is executed, but the caller gets an error. */
export type StoreHealth = 'well' | 'fails' | 'loses answers';

/** A store whose commands and responses are ordered by the scheduler, and which may fail in between. */
export function unreliable(
  store: WebhookStore,
  scheduler: Scheduler,
  healthOf: (method: string) => StoreHealth,
): WebhookStore {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await scheduler.schedule(Promise.resolve(), `${String(name)} arrives`);
        if (healthOf(String(name)) === 'fails') throw new WebhookStoreError('it fails');
        const answer: unknown = await Reflect.apply(method, target, args);
        await scheduler.schedule(Promise.resolve(), `${String(name)} is answered`);
        if (healthOf(String(name)) === 'loses answers') throw new WebhookStoreError('the answer is lost');
        return answer;
      };
    },
  });
}
