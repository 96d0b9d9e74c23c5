import { MemoryWebhookStore } from '../../../src/webhooks/webhook-store.ts';
import { storeCases } from '../../support/webhook-store-cases.ts';

storeCases(async (limits = {}) => {
  let at = 0;
  const store = new MemoryWebhookStore({ ...limits, now: () => at });
  return { store, pass: async (ms) => void (at += ms) };
});
