import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Programs of a benchmark in processes of their own, which end with it. One that ends before ends the benchmark. */
const children = new Set<ChildProcess>();

/** @returns once the program has said its first message. */
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

/** What the programs of this folder say is what their types tell. */
async function next<Message>(child: ChildProcess): Promise<Message> {
  const [message] = await once(child, 'message');
  return message as Message;
}

export function stopAll(): void {
  for (const child of children) child.removeAllListeners('exit').kill();
  children.clear();
}
process.once('exit', stopAll);
