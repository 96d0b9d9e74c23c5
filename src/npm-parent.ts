import { readFileSync } from 'node:fs';

/** The system does not report the end of a parent process. */
const CHECK_EVERY_MS = 500;

/** Scripts that run as long as their program. Other scripts may leave a sandbox running on purpose. */
const SCRIPTS = ['start', 'dev', 'sandbox', 'mock', 'npx'];

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh'];

/**
 * Sends SIGHUP to this process when the npm that started it has ended. A signal to npm ends npm and its shell but does not
 * reach the program, which would keep running and occupy its port. A process that was not started by npm may lose its
 * parent, as daemons do.
 */
export function hangUpWithNpm(): void {
  if (!SCRIPTS.includes(process.env['npm_lifecycle_event'] ?? '')) return;
  const lineage = upToNpm(ancestors());
  const timer = setInterval(() => {
    const present = ancestors().map(({ pid }) => pid);
    if (lineage.every((pid, index) => pid === present[index])) return;
    clearInterval(timer);
    // Including the processes between npm and this one: `node --watch` would otherwise wait for a change indefinitely.
    for (const pid of [...lineage.filter((pid) => present.includes(pid)), process.pid]) hangUp(pid);
  }, CHECK_EVERY_MS);
  timer.unref();
}

function hangUp(pid: number): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    // The process has ended meanwhile.
  }
}

interface Ancestor {
  readonly pid: number;
  readonly name: string;
}

/** The ancestors from the parent upwards; only the parent on a system without `/proc`. */
function ancestors(): Ancestor[] {
  const found: Ancestor[] = [];
  for (let pid = process.ppid; pid > 0;) {
    const [, name = '', parent] = /\((.*)\) \S (\d+)/s.exec(readStat(pid)) ?? [];
    found.push({ pid, name });
    pid = Number(parent ?? 0);
  }
  return found;
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** The ancestors up to npm, or to an outer npm that started it through a shell. */
function upToNpm(line: readonly Ancestor[]): number[] {
  let length = 0;
  for (const [index, { name }] of line.entries()) {
    if (/^npm\b/.test(name)) length = index + 1;
    else if (length > 0 && !SHELLS.includes(name)) break;
  }
  return line.slice(0, length || 1).map(({ pid }) => pid);
}
