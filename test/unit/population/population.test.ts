import { describe, expect, it } from 'vitest';
import { bohmerShare } from '../../../lib/experiments/bohmer.ts';
import { deviceClasses, links, transferJ, transferMs } from '../../../lib/simulator/population/device-classes.ts';
import {
  drawDevice,
  drawPopulation,
  localMsOf,
  type PopulationOptions,
  tasksOf,
} from '../../../lib/simulator/population/population.ts';
import { taskKinds } from '../../../lib/simulator/population/tasks.ts';

const options: PopulationOptions = {
  devices: 2_000,
  durationS: 86_400,
  startHour: 0,
  speed: 1,
  tasksPerDevice: 20,
  tasksPerSession: 5,
  pauseS: 2,
  dayShare: bohmerShare,
  seed: 4,
};

describe('the population', () => {
  const devices = Array.from({ length: 10_000 }, (_, i) => drawDevice(i, 4));

  it('has its classes in their shares and their median speeds (5 sigma)', () => {
    expect(deviceClasses.reduce((sum, c) => sum + c.share, 0)).toBeCloseTo(1, 12);
    for (const { id, share, speed, speedSpread } of deviceClasses) {
      const own = devices.filter((d) => d.deviceClass.id === id);
      expect(Math.abs(own.length / devices.length - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / 10_000));
      const logMean = own.reduce((sum, d) => sum + Math.log(d.speed), 0) / own.length;
      expect(Math.abs(logMean - Math.log(speed))).toBeLessThan((5 * speedSpread) / Math.sqrt(own.length));
    }
  });

  it('asks for as many tasks as was said: compound Poisson of geometric sessions (5 sigma)', () => {
    const { devices: n, tasksPerDevice, tasksPerSession: m } = options;
    const tasks = drawPopulation(options);
    // Sessions per device are Poisson of mean T/m; a session has a geometric number G of tasks: E[G] = m, E[G^2] = 2m^2 - m.
    // Zones differ in where the day is cut, not in its total: the whole day passes.
    const sigma = Math.sqrt(n * (tasksPerDevice / m) * (2 * m * m - m));
    expect(Math.abs(tasks.length - n * tasksPerDevice)).toBeLessThan(5 * sigma);
    const sessions = tasks.filter((t) => t.first).length;
    expect(Math.abs(sessions - (n * tasksPerDevice) / m)).toBeLessThan(5 * Math.sqrt((n * tasksPerDevice) / m));
    expect(tasks.every((t, i) => i === 0 || tasks[i - 1]!.atMs <= t.atMs)).toBe(true);
  });

  it("follows the day's curve in each device's own zone (5 sigma per hour)", () => {
    const starts = drawPopulation({ ...options, devices: 6_000 }).filter((t) => t.first);
    const hours = new Array<number>(24).fill(0);
    for (const t of starts) {
      const hour = Math.floor((t.atMs / 3_600_000 + t.device.zoneHours + 24) % 24);
      hours[hour]! += 1;
    }
    const shares = hours.map((_, h) => (bohmerShare(h) + bohmerShare(h + 1)) / 2);
    const sum = shares.reduce((a, b) => a + b, 0);
    for (const [h, count] of hours.entries()) {
      const expected = (starts.length * shares[h]!) / sum;
      expect(Math.abs(count - expected), `hour ${h}`).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('is the same under its seed, and a device is the same however many others there are', () => {
    expect(drawPopulation({ ...options, devices: 50 })).toEqual(drawPopulation({ ...options, devices: 50 }));
    const device = drawDevice(7, 4);
    const among = drawPopulation({ ...options, devices: 20 }).filter((t) => t.device.index === 7);
    expect(among).toEqual(tasksOf(device, options));
    expect(drawPopulation({ ...options, devices: 50, seed: 5 })).not.toEqual(
      drawPopulation({ ...options, devices: 50 }),
    );
  });

  it('plays the curve faster and leaves the pauses within a session alone', () => {
    const pauses = (speed: number) => {
      const tasks = drawPopulation({ ...options, devices: 300, durationS: 3_600, speed });
      const gaps: number[] = [];
      for (let d = 0; d < 300; d++) {
        const own = tasks.filter((t) => t.device.index === d);
        for (const [i, t] of own.entries()) if (i > 0 && !t.first) gaps.push(t.atMs - own[i - 1]!.atMs);
      }
      return gaps.reduce((a, b) => a + b, 0) / gaps.length / 1_000;
    };
    // Overlapping sessions of one device only shorten what is seen as a gap.
    for (const speed of [1, 24]) expect(Math.abs(pauses(speed) - options.pauseS)).toBeLessThan(0.15);
  });

  it('refuses what cannot be, naming it', () => {
    expect(() => drawPopulation({ ...options, devices: 0 })).toThrow('devices must be above 0, received 0');
    expect(() => drawPopulation({ ...options, tasksPerSession: 0.5 })).toThrow('tasksPerSession');
  });
});

describe('the model of a device', () => {
  it('takes the work over its speed', () => {
    const [task] = tasksOf(drawDevice(1, 4), { ...options, tasksPerDevice: 200 });
    expect(localMsOf(task!, 100)).toBeCloseTo((100 / task!.device.speed) * task!.localFactor, 9);
  });

  it('spends on the radio what Huang et al. measured: LTE, 1 Mbit up', () => {
    const lte = links.lte;
    const bytes = 125_000;
    expect(transferMs(lte, bytes, 0)).toBeCloseTo(1_000 / 5.64, 6);
    // (0.43839 W/Mbit/s * 5.64 + 1.28804 W) for 1/5.64 s
    expect(transferJ(lte, bytes, 0)).toBeCloseTo((0.43839 * 5.64 + 1.28804) / 5.64, 6);
    expect(transferJ(lte, 0, 0)).toBe(0);
  });

  it('has tasks whose shares sum to 1', () => {
    expect(taskKinds.reduce((sum, k) => sum + k.share, 0)).toBeCloseTo(1, 12);
  });
});
