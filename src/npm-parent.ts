import { readFileSync } from 'node:fs';

/** The system does not report the end of a parent. */
const CHECK_EVERY_MS = 500;

/** Scripts that last as long as their program. Other scripts may leave a sandbox running on purpose. */
const SCRIPTS = ['start', 'dev', 'sandbox', 'mock', 'npx'];

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh'];

/**
 * Sends SIGHUP to this process when the npm that started it has ended. A signal to npm ends npm and its shell and does
 * not reach the program, which would be left behind and hold its port. A process that was not started by npm may lose its
 * parent: daemons do.
 */
export function hangUpWithNpm(): void {
  if (!SCRIPTS.includes(process.env['npm_lifecycle_event'] ?? '')) return;
  const lineage = upToNpm(ancestors());
  const timer = setInterval(() => {
    const present = ancestors().map(({ pid }) => pid);
    if (lineage.every((pid, index) => pid === present[index])) return;
    clearInterval(timer);
    // Including what lies between npm and this process: `node --watch` would otherwise wait for a change for ever.
    for (const pid of [...lineage.filter((pid) => present.includes(pid)), process.pid]) hangUp(pid);
  }, CHECK_EVERY_MS);
  timer.unref();
}

function hangUp(pid: number): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    // It has ended meanwhile.
  }
}

interface Ancestor {
  readonly pid: number;
  readonly name: string;
}

/** From the parent upwards; the parent alone where the system has no `/proc`. */
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

/** Past the nearest npm as well when it was itself started by npm, through nothing but a shell. */
function upToNpm(line: readonly Ancestor[]): number[] {
  let length = 0;
  for (const [index, { name }] of line.entries()) {
    if (/^npm\b/.test(name)) length = index + 1;
    else if (length > 0 && !SHELLS.includes(name)) break;
  }
  return line.slice(0, length || 1).map(({ pid }) => pid);
}
