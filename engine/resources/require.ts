/** Gives the capacity back if it is a whole number from 0 or Infinity; throws RangeError otherwise. */
export function requireCapacity(capacity: number): number {
  if (!(capacity >= 0) || (capacity !== Infinity && !Number.isSafeInteger(capacity))) {
    throw new RangeError(`a capacity of ${capacity}; allowed: a whole number from 0, or Infinity`);
  }
  return capacity;
}
