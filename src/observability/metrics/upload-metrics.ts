import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { bounded, UPLOAD_OUTCOMES } from './labels.ts';

export interface UploadGauges {
  readonly blocksInUse: () => number;
  readonly uploadsWaitingForBlocks: () => number;
}

/** In seconds: as long as an upload address lives. */
const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** Files on their way through the gateway. */
export function countUploads(
  events: GatewayEvents,
  registers: Registry[],
  { blocksInUse, uploadsWaitingForBlocks }: UploadGauges,
): void {
  const inFlight = new Gauge({
    name: 'sigillo_uploads_in_flight',
    help: 'Files that are on their way now.',
    registers,
  });
  const bytes = new Counter({
    name: 'sigillo_upload_bytes_total',
    help: 'Bytes of PDFs that came from clients.',
    registers,
  });
  const uploads = new Counter({
    name: 'sigillo_uploads_total',
    help: 'Files by what became of them: ok, what was wrong with them, or that the service failed (upstream).',
    labelNames: ['outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'sigillo_upload_duration_seconds',
    help: 'Of files that arrived, from the first byte to their being stored or checked.',
    buckets: DURATION_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'sigillo_upload_blocks_in_use',
    help: 'Blocks of 4 MiB that uploads hold, of the 12 that there are.',
    registers,
    collect() {
      this.set(blocksInUse());
    },
  });
  new Gauge({
    name: 'sigillo_upload_block_waiters',
    help: 'Uploads that wait for a block.',
    registers,
    collect() {
      this.set(uploadsWaitingForBlocks());
    },
  });
  const outcomeOf = bounded(UPLOAD_OUTCOMES);
  for (const outcome of UPLOAD_OUTCOMES) uploads.inc({ outcome }, 0);

  events.on('uploadStarted', () => inFlight.inc());
  events.on('uploadBytes', (count) => bytes.inc(count));
  events.on('uploadEnded', ({ outcome, durationMs }) => {
    inFlight.dec();
    uploads.inc({ outcome: outcomeOf(outcome) });
    if (outcome === 'ok') durations.observe(durationMs / 1000);
  });
}
