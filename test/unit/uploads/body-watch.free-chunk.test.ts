import { expect, test } from 'vitest';
import { freeChunk } from '../../../src/uploads/body-watch.ts';

test('frees the memory of a chunk that has its buffer for itself', () => {
  const chunk = Buffer.from(new ArrayBuffer(64 * 1024));
  const { buffer } = chunk;
  freeChunk(chunk);
  expect(buffer.byteLength).toBe(0);
  expect(chunk).toHaveLength(0);
});

test('leaves a buffer alone that other chunks may share', () => {
  const whole = Buffer.from(new TextEncoder().encode('the end of a file, a boundary, the next file').buffer);
  for (const part of [whole.subarray(0, 17), whole.subarray(31)]) freeChunk(part);
  expect(whole.toString()).toBe('the end of a file, a boundary, the next file');
});
