import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, type Place } from '../../../surrogate/admission.ts';

describe('admission', () => {
  it('runs N, lets queueLimit wait first come first served, refuses the rest', () => {
    const admission = new Admission({ sharingLimit: 2, queueLimit: 2 });
    const started: number[] = [];
    const places = [0, 1, 2, 3].map((i) => {
      const place = admission.take()!;
      place.whenRunning(() => started.push(i));
      return place;
    });
    expect(admission.take()).toBeNull();
    expect([started, admission.running, admission.waiting]).toEqual([[0, 1], 2, 2]);
    places[1]!.release();
    places[1]!.release();
    expect([started, admission.running, admission.waiting]).toEqual([[0, 1, 2], 2, 1]);
    places[3]!.release();
    places[0]!.release();
    places[2]!.release();
    expect([started, admission.running, admission.occupancy]).toEqual([[0, 1, 2], 0, 0]);
  });

  it('tells of every change, after it', () => {
    const seen: [number, number][] = [];
    const admission: Admission = new Admission({
      sharingLimit: 1,
      queueLimit: 1,
      onChange: () => seen.push([admission.running, admission.waiting]),
    });
    const first = admission.take()!;
    expect(seen.at(-1)).toEqual([0, 1]);
    first.whenRunning(() => {});
    expect(seen.at(-1)).toEqual([1, 0]);
    const second = admission.take()!;
    expect(seen.at(-1)).toEqual([1, 1]);
    second.release();
    expect(seen.at(-1)).toEqual([1, 0]);
    first.release();
    expect(seen.at(-1)).toEqual([0, 0]);
  });

  it('keeps its bounds and its order under any sequence of events (model: a list)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.array(fc.tuple(fc.constantFrom('take', 'queue', 'release'), fc.nat(20)), { maxLength: 80 }),
        (sharingLimit, queueLimit, steps) => {
          const admission = new Admission({ sharingLimit, queueLimit });
          const places: { place: Place; id: number; queued: boolean }[] = [];
          const granted: number[] = [];
          const queuedOrder: number[] = [];
          let id = 0;
          for (const [step, pick] of steps) {
            if (step === 'take') {
              const place = admission.take();
              expect(place === null).toBe(places.length === sharingLimit + queueLimit);
              if (place !== null) places.push({ place, id: id++, queued: false });
            } else if (places.length > 0) {
              const chosen = places[pick % places.length]!;
              if (step === 'queue' && !chosen.queued) {
                chosen.queued = true;
                queuedOrder.push(chosen.id);
                chosen.place.whenRunning(() => granted.push(chosen.id));
              } else if (step === 'release') {
                if (chosen.place.state === 'queued') queuedOrder.splice(queuedOrder.indexOf(chosen.id), 1);
                places.splice(places.indexOf(chosen), 1);
                chosen.place.release();
              }
            }
            const ready = places.filter((p) => p.queued).length;
            expect(admission.running).toBe(Math.min(sharingLimit, ready));
            expect(admission.occupancy).toBe(places.length);
            expect(granted).toEqual(queuedOrder.slice(0, granted.length));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
