import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { bounded, UPLOAD_OUTCOMES } from './labels.ts';

export interface UploadGauges {
  readonly blocksInUse: () => number;
  readonly uploadsWaitingForBlocks: () => number;
}

/** In seconds, up to the lifetime of a pre-signed upload URL. */
const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** Files that pass through the gateway. */
export function countUploads(
  events: GatewayEvents,
  registers: Registry[],
  { blocksInUse, uploadsWaitingForBlocks }: UploadGauges,
): void {
  const inFlight = new Gauge({
    name: 'sigillo_uploads_in_flight',
    help: 'Uploads in progress.',
    registers,
  });
  const bytes = new Counter({
    name: 'sigillo_upload_bytes_total',
    help: 'Bytes of PDFs received from clients.',
    registers,
  });
  const uploads = new Counter({
    name: 'sigillo_uploads_total',
    help: 'Files by outcome: ok, the fault of the file, or upstream when the service failed.',
    labelNames: ['outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'sigillo_upload_duration_seconds',
    help: 'Duration of complete uploads, from the first byte until the file is stored or checked.',
    buckets: DURATION_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'sigillo_upload_blocks_in_use',
    help: 'Blocks of 4 MiB in use, of 12.',
    registers,
    collect() {
      this.set(blocksInUse());
    },
  });
  new Gauge({
    name: 'sigillo_upload_block_waiters',
    help: 'Uploads waiting for a block.',
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
