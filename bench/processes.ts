import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Child processes of a benchmark, which end with it. If one ends earlier, the benchmark ends. */
const children = new Set<ChildProcess>();

/** @returns after the first message of the program. */
export async function start<Said>(
  file: string,
  ...args: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly said: Said }> {
  const child = fork(new URL(file, import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => {
    console.error(`${file} has ended`);
    process.exit(1);
  });
  return { child, said: await next<Said>(child) };
}

export async function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  child.send(question);
  return await next<Answer>(child);
}

/** The programs of this folder send messages of their exported types. */
async function next<Message>(child: ChildProcess): Promise<Message> {
  const [message] = await once(child, 'message');
  return message as Message;
}

export function stopAll(): void {
  for (const child of children) child.removeAllListeners('exit').kill();
  children.clear();
}
process.once('exit', stopAll);
