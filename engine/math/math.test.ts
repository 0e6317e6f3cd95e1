import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { cosOfTurn, exp, incompleteGamma, inverseGamma, inverseNormal, ln, logGamma, pow, sinOfTurn } from "./index.ts";

const require = createRequire(import.meta.url);
const referenceLn = require("@stdlib/math-base-special-ln") as (x: number) => number;
const referenceExp = require("@stdlib/math-base-special-exp") as (x: number) => number;
const referencePow = require("@stdlib/math-base-special-pow") as (x: number, y: number) => number;

const ARGUMENTS = 120_000;

/** A linear congruential generator, so that the arguments are the same on every run. */
function generator(seed: number) {
  let state = seed >>> 0;
  const word = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const float = new Float64Array(1);
  const words = new Uint32Array(float.buffer);
  return {
    uniform: () => word() / 4_294_967_296,
    /** Any bit pattern: all magnitudes, subnormals, NaN and infinities. */
    any: () => {
      words[0] = word();
      words[1] = word();
      return float[0];
    },
  };
}

function differing<A extends number[]>(
  arguments_: Iterable<A>,
  ours: (...a: A) => number,
  theirs: (...a: A) => number,
): string[] {
  const found: string[] = [];
  for (const a of arguments_) {
    if (!Object.is(ours(...a), theirs(...a)) && found.length < 5) {
      found.push(`(${a.join(", ")}): ${ours(...a)} against ${theirs(...a)}`);
    }
  }
  return found;
}

/** For these exponents the reference multiplies, which is less exact than the general way. */
function isShortcut(y: number): boolean {
  return y === 3 || y === 4 || y === -0.5;
}

/** Within two units in the last place. */
function isClose(a: number, b: number): boolean {
  if (Object.is(a, b)) return true;
  return a !== 0 && Math.abs(a - b) <= Math.max(Math.abs(a) * 2 ** -51, 5e-324);
}

const SPECIAL = [
  0, -0, 1, -1, 2, -2, 3, 0.5, -0.5, 1.5, 4, -3, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e+308,
  9007199254740991, 9007199254740994, -9007199254740991, 1 - 2 ** -53, 1 + 2 ** -52, 0.7071067811865475, 1.4142135623730947,
  709.782712893384, 709.7827128933841, -745.1332191019411, -708.3964185322641, 1e300, -1e300, 4294967297, Infinity,
  -Infinity, NaN,
]; // prettier-ignore

describe("the natural logarithm", () => {
  it("has the bits of the reference port for every magnitude, around 1, and at the edges", () => {
    const g = generator(1);
    const values: Array<[number]> = SPECIAL.map((x) => [x]);
    for (let i = 0; i < ARGUMENTS; i++) values.push([i % 2 === 0 ? Math.abs(g.any()) : 2 * g.uniform()]);
    for (let i = 0; i < 1000; i++) values.push([1 + (i - 500) * 2 ** -28]);
    expect(differing(values, ln, referenceLn)).toEqual([]);
  });
});

describe("the exponential function", () => {
  it("has the bits of the reference port wherever the result is a normal number", () => {
    const g = generator(2);
    const values: Array<[number]> = SPECIAL.filter((x) => !(x < -708 && x > -746)).map((x) => [x]);
    for (let i = 0; i < ARGUMENTS; i++) values.push([(g.uniform() - 0.5) * (i % 2 === 0 ? 1416 : 4)]);
    expect(differing(values, exp, referenceExp)).toEqual([]);
  });

  it("rounds subnormal results once, down to the smallest, and ends at 0 and Infinity", () => {
    // The smallest positive number is 2^-1074; e^-744.5 = 4.64e-324 is nearest to it, e^-745.2 = 2.3e-324 to 0.
    expect(exp(-744.5)).toBe(5e-324);
    expect(exp(-745.2)).toBe(0);
    expect(exp(-740)).toBe(4.2e-322);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(709.782712893384) / 1.797693134862273e308).toBeCloseTo(1, 12);
  });
});

describe("the power function", () => {
  it("has the bits of the reference port for every magnitude, fractions and whole exponents", () => {
    const g = generator(3);
    const values: Array<[number, number]> = [];
    for (let i = 0; i < ARGUMENTS; i++) {
      const x = i % 4 === 0 ? g.any() : g.uniform() * (i % 3 === 0 ? 1e9 : 3);
      const y = i % 5 === 0 ? Math.floor((g.uniform() - 0.5) * 60) : (g.uniform() - 0.5) * (i % 7 === 0 ? 2000 : 20);
      // The reference gives NaN for NaN^0 and 0 for results near the smallest number.
      if (!isShortcut(y) && x === x && pow(x, y) !== 5e-324) values.push([x, y]);
    }
    for (let i = 1; i < 2000; i++) values.push([1 + (i - 1000) * 2 ** -44, (i - 1000.5) * 2 ** 36]);
    expect(values.length).toBeGreaterThan(100_000);
    expect(differing(values, pow, referencePow)).toEqual([]);
  });

  it("has the language's own special values, and is within two units in the last place of its results", () => {
    const wrong: string[] = [];
    for (const x of SPECIAL) {
      for (const y of SPECIAL) if (!isClose(pow(x, y), x ** y)) wrong.push(`${x}^${y}: ${pow(x, y)} against ${x ** y}`);
    }
    expect(wrong).toEqual([]);
  });

  it("gives whole powers of whole numbers exactly where they can be represented", () => {
    expect(pow(3, 33)).toBe(5559060566555523);
    expect(pow(7, 18)).toBe(1628413597910449);
    expect(pow(-5, 21)).toBe(-476837158203125);
    expect(pow(10, 15)).toBe(1e15);
  });
});

describe("sine and cosine of turns", () => {
  it("are exact at the quarters and periodic without drift", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map(sinOfTurn)).toEqual([0, 1, -0, -1, 0]);
    expect([0, 0.25, 0.5, 0.75, 1].map(cosOfTurn)).toEqual([1, -0, -1, 0, 1]);
    expect(sinOfTurn(1_000_000.125)).toBe(sinOfTurn(0.125));
    expect(cosOfTurn(-0.375)).toBe(cosOfTurn(0.625));
  });

  it("agree with the platform's within 4e-16 over a turn", () => {
    let worst = 0;
    for (let i = 0; i < 10_000; i++) {
      const turns = i / 10_000;
      // Beyond half a turn the platform's argument, rounded, would be the less exact side.
      const radians = 2 * Math.PI * (turns > 0.5 ? turns - 1 : turns);
      worst = Math.max(worst, Math.abs(sinOfTurn(turns) - Math.sin(radians)));
      worst = Math.max(worst, Math.abs(cosOfTurn(turns) - Math.cos(radians)));
    }
    expect(worst).toBeLessThan(4e-16);
  });
});

describe("the logarithm of the gamma function", () => {
  it("is that of factorials and of half-integers", () => {
    // gamma(n + 1) = n!, gamma(1/2) = sqrt(pi), gamma(5/2) = 3/4 sqrt(pi)
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      factorial *= n;
      expect(logGamma(n + 1)).toBeCloseTo(Math.log(factorial), 13);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 14);
    expect(logGamma(2.5)).toBeCloseTo(Math.log(0.75 * Math.sqrt(Math.PI)), 14);
  });

  it("agrees with 15-digit values between and far out", () => {
    expect(logGamma(0.01)).toBeCloseTo(4.59947987804202, 13);
    expect(logGamma(1.46)).toBeCloseTo(-0.121485001004007, 13);
    expect(logGamma(50)).toBeCloseTo(144.565743946345, 11);
    expect(logGamma(1e6) / 12815504.5691476).toBeCloseTo(1, 14);
  });
});

describe("the inverse of the normal distribution", () => {
  it("gives the tabulated percentage points", () => {
    const table: Array<[number, number]> = [
      [0.5, 0],
      [0.75, 0.6744897501960817],
      [0.975, 1.9599639845400543],
      [0.999, 3.0902323061678136],
      [0.025, -1.9599639845400543],
      [1e-9, -5.9978070150076865],
      [1e-20, -9.2623400897984],
      [1e-100, -21.27345356096532],
    ];
    for (const [p, z] of table) expect(inverseNormal(p)).toBeCloseTo(z, 13);
    expect([inverseNormal(0), inverseNormal(1)]).toEqual([-Infinity, Infinity]);
  });

  it("joins its three pieces without a step down", () => {
    for (const p of [0.075, 0.925, 1.388794386496402e-11]) {
      expect(inverseNormal(p * (1 + 1e-13))).toBeGreaterThanOrEqual(inverseNormal(p * (1 - 1e-13)));
    }
  });
});

describe("the inverse of the gamma distribution", () => {
  it("gives the quantiles that a second implementation gives", () => {
    const table: Array<[number, number, number]> = [
      [0.5, 0.3, 0.07423593091627269],
      [0.01, 0.5, 4.465535018910562e-31],
      [1, 0.5, 0.6931471805599455],
      [2.5, 1e-10, 0.00016167785731248483],
      [100, 0.999, 133.7702639113786],
      [1e5, 0.5, 99999.6666668642],
      [3, 0.999999999999, 34.05239764948628],
      [0.001, 0.99, 2.4259428385578407e-5],
      [1.01, 1e-5, 1.1254835943282375e-5],
    ];
    for (const [a, p, x] of table) expect(Math.abs(inverseGamma(a, p) / x - 1)).toBeLessThan(1e-11);
    expect([inverseGamma(2, 0), inverseGamma(2, 1)]).toEqual([0, Infinity]);
  });

  it("undoes the incomplete gamma function for shapes from 0.01 to 10,000", () => {
    for (const a of [0.01, 0.2, 0.9, 1, 1.1, 4, 30, 1000, 10_000]) {
      for (const p of [1e-12, 0.001, 0.1, 0.499, 0.501, 0.9, 0.999]) {
        const x = inverseGamma(a, p);
        if (x > 0) expect(incompleteGamma(a, x, logGamma(a), false) / p).toBeCloseTo(1, 9);
      }
    }
  });
});
