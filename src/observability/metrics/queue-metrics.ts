import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { QUEUES } from '../queues.ts';
import type { Queues } from '../queues.ts';

export interface QueueGauges {
  readonly queues: Pick<Queues, 'oldestDueMs'>;
}

/** Whether every queue is worked off. */
export function watchQueues(registers: Registry[], { queues }: QueueGauges): void {
  new Gauge({
    name: 'sigillo_queue_oldest_due_seconds',
    help: 'Age of the oldest item of a queue that is due and not being worked on; 0: there is none, -1: unknown.',
    labelNames: ['queue'],
    registers,
    async collect() {
      const measure = async (queue: (typeof QUEUES)[number]): Promise<void> => {
        const ms = await queues.oldestDueMs(queue);
        this.set({ queue }, ms === undefined ? -1 : ms / 1_000);
      };
      await Promise.all(QUEUES.map(measure));
    },
  });
}
