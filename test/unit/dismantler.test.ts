import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dismantler } from '../../surrogate/isolation/dismantler.ts';
import type { Sandbox } from '../../surrogate/isolation/sandbox.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function surrogate(sharingLimit: number) {
  const state = { running: 0 };
  const ended: string[] = [];
  const dismantler = new Dismantler({ sharingLimit, running: () => state.running });
  const sandbox = (name: string) => ({ kill: () => ended.push(name) }) as unknown as Sandbox;
  return {
    ended,
    begin() {
      state.running += 1;
      dismantler.begun();
    },
    finish(name: string) {
      state.running -= 1;
      dismantler.retire(sandbox(name));
    },
  };
}

describe('a finished sandbox', () => {
  it('stays while requests follow one another, and goes when it is quiet', () => {
    const vm = surrogate(8);
    for (const name of ['a', 'b', 'c']) {
      vm.begin();
      vi.advanceTimersByTime(4);
      vm.finish(name);
    }
    expect(vm.ended).toEqual([]);
    vi.advanceTimersByTime(30);
    expect(vm.ended).toEqual(['a', 'b', 'c']);
  });

  it('outlives its task by 50 ms at most, however many requests come', () => {
    const vm = surrogate(1_000);
    vm.begin();
    vm.finish('first');
    for (let ms = 0; ms < 60; ms += 2) {
      vm.begin();
      vi.advanceTimersByTime(2);
      if (ms < 48) expect(vm.ended).toEqual([]);
    }
    expect(vm.ended).toEqual(['first']);
  });

  it('does so even where many finished at the same moment', () => {
    const vm = surrogate(1_000);
    const names = Array.from({ length: 20 }, (_, i) => String(i));
    for (const _ of names) vm.begin();
    for (const name of names) vm.finish(name);
    for (let ms = 0; ms < 52; ms += 2) {
      vm.begin();
      vi.advanceTimersByTime(2);
    }
    expect(vm.ended).toEqual(names);
  });

  it('makes way where it and those that run would be more than N', () => {
    const vm = surrogate(2);
    vm.begin();
    vm.begin();
    vm.finish('a');
    expect(vm.ended).toEqual([]);
    vm.begin();
    expect(vm.ended).toEqual(['a']);
    vm.finish('b');
    vm.finish('c');
    expect(vm.ended).toEqual(['a']);
    vm.begin();
    vm.begin();
    expect(vm.ended).toEqual(['a', 'b', 'c']);
  });

  it('goes at once where all places are taken again', () => {
    const vm = surrogate(1);
    vm.begin();
    vm.begin();
    vm.finish('a');
    vi.advanceTimersByTime(1);
    expect(vm.ended).toEqual(['a']);
  });
});
