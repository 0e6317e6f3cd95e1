import { NS_PER_SECOND, roundNs, type Ns, type RandomStream } from "../index.ts";

/** What both programs simulate: cars come at random, a few machines wash them, and a driver who waits too long leaves. */
export interface CarWash {
  machines: number;
  meanTimeBetweenCarsNs: Ns;
  washNs: Ns;
  patienceNs: Ns;
  cars: number;
}

export const SMALL_CAR_WASH: CarWash = {
  machines: 2,
  meanTimeBetweenCarsNs: 240 * NS_PER_SECOND,
  washNs: 600 * NS_PER_SECOND,
  patienceNs: 300 * NS_PER_SECOND,
  cars: 12,
};

/** The time to the next car: uniform between 0 and twice the mean. */
export function nextCarNs({ meanTimeBetweenCarsNs }: CarWash, stream: RandomStream): Ns {
  return roundNs(stream.uniform() * 2 * meanTimeBetweenCarsNs);
}
