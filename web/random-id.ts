/** A random id. Not `crypto.randomUUID`, which pages without HTTPS do not have. */
export const randomId = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
