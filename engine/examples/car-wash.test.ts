import { describe, expect, it } from "vitest";
import { carWashInEvents } from "./car-wash-events.ts";
import { carWashInProcesses } from "./car-wash-processes.ts";
import { SMALL_CAR_WASH } from "./car-wash.ts";

describe("the car wash", () => {
  it("tells the same story in events and in processes", () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(carWashInProcesses(SMALL_CAR_WASH, seed)).toEqual(carWashInEvents(SMALL_CAR_WASH, seed));
    }
  });

  it("washes every car or loses it to impatience, and never more at once than it has machines", () => {
    const log = carWashInEvents(SMALL_CAR_WASH, 1);
    const ended = log.filter((line) => line.endsWith("is clean") || line.endsWith("leaves"));
    expect(ended.length).toBe(SMALL_CAR_WASH.cars);
    // Two machines of 600 s and a car each 240 s: demand is 1.25 times what they can do, so some must leave.
    expect(log.filter((line) => line.endsWith("leaves")).length).toBeGreaterThan(0);
    let washing = 0;
    for (const line of log) {
      if (line.endsWith("is washed")) washing++;
      if (line.endsWith("is clean")) washing--;
      expect(washing).toBeLessThanOrEqual(SMALL_CAR_WASH.machines);
    }
  });
});
