import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Peak memory of the gateway while files pass through it to a storage that forgets them, over its memory at rest.
 * Each scenario has a gateway of its own; gateway, storage and clients are processes of their own. Linux only: the
 * peak is the kernel's own (VmHWM), reset before the uploads begin.
 *
 *   npx -c 'node bench/uploads.ts [server]'
 *
 * `server` is another gateway to measure: a module, relative to this folder, that takes the origin of the storage as its
 * argument, has a mutation `upload(file: Upload!) { sizeBytes }` and reports `{ port }` to its parent.
 */
const MIB = 1024 * 1024;
const SCENARIOS = [
  { uploads: 1, mib: 500, limitMib: 80 },
  { uploads: 8, mib: 50, limitMib: 140 },
  { uploads: 32, mib: 50, limitMib: 140 },
];
const DEADLINE_MS = 120_000;
const [, , server = 'uploads-server.ts'] = process.argv;

const started: ChildProcess[] = [];
setTimeout(() => {
  console.error(`Not done in ${DEADLINE_MS / 1000} s.`);
  stop(1);
}, DEADLINE_MS).unref();

async function start(
  file: string,
  ...args: (string | number)[]
): Promise<{ child: ChildProcess; message: { port: number } }> {
  const child = fork(new URL(file, import.meta.url), args.map(String));
  started.push(child);
  const [message] = await once(child, 'message');
  return { child, message };
}

function stop(code: number): never {
  for (const child of started) child.kill();
  process.exit(code);
}

async function memoryMib(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

console.log('uploads        idle MiB   peak MiB   growth   limit      MiB/s');
let isOver = false;
for (const { uploads, mib, limitMib } of SCENARIOS) {
  const storage = await start('uploads-storage.ts');
  const gateway = await start(server, `http://127.0.0.1:${storage.message.port}`);
  const pid = gateway.child.pid ?? 0;
  // The first request compiles code and opens connections; what is at rest after it is what idle means.
  await start('uploads-client.ts', gateway.message.port, 1, 1000);
  await sleep(1000);
  const idle = await memoryMib(pid, 'VmRSS');
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = performance.now();
  await start('uploads-client.ts', gateway.message.port, uploads, mib * MIB);
  const seconds = (performance.now() - before) / 1000;
  const peak = await memoryMib(pid, 'VmHWM');
  const growth = peak - idle;
  isOver ||= growth >= limitMib;
  const row = [
    `${uploads} x ${mib} MiB`.padEnd(12),
    ...[idle, peak, growth, limitMib, (uploads * mib) / seconds].map((n) => n.toFixed(0).padStart(9)),
  ];
  console.log(row.join(' '));
  for (const child of started.splice(0)) child.kill();
}
stop(isOver ? 1 : 0);
