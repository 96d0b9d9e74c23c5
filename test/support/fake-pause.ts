/** `setTimeout` of `node:timers/promises` on faked timers. vitest does not fake that module, so tests mock it with this. */
export function fakePause<T>(
  ms: number,
  value?: T,
  options: { readonly signal?: AbortSignal } = {},
): Promise<T | undefined> {
  const { signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const leave = (): void => reject(new DOMException('aborted', 'AbortError'));
  const timer = setTimeout(() => resolve(value), ms);
  if (signal?.aborted === true) leave();
  signal?.addEventListener('abort', leave);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  });
}
