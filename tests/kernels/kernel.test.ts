import { expect, test } from 'vitest';
import { curves, replicates } from '#lib/kernels/built.ts';
import { instanceOf } from '#lib/kernels/kernel.ts';
import { thread } from '#lib/kernels/thread-state.ts';

test('a thread keeps its instance of a module until its memory has become large', () => {
  const [small, large] = [instanceOf(curves), instanceOf(replicates)];
  (large.memory as WebAssembly.Memory).grow((50 << 20) >> 16);
  expect(instanceOf(replicates)).toBe(large);
  thread.forgetLarge();
  expect(instanceOf(curves)).toBe(small);
  expect(instanceOf(replicates)).not.toBe(large);
});
