import { describe, expect, it } from "vitest";
import { containerWeight } from "./oci-weight.ts";

describe("a container's cpu.weight for 1024 shares", () => {
  it.each([
    [undefined, 100],
    [{ name: "runc" }, 100],
    [{ name: "runc", version: "1.3.2" }, 100],
    [{ name: "runc", version: "1.4" }, 100],
    [{ name: "runc", version: "1.10.0" }, 100],
    // 1 + floor(1022 x 9999 / 262142) = 39
    [{ name: "runc", version: "1.3.1" }, 39],
    [{ name: "runc", version: "1.3" }, 39],
    [{ name: "crun", version: "1.23" }, 100],
    [{ name: "crun", version: "1.22.9" }, 39],
  ] as const)("with %o is %i", (oci, weight) => {
    expect(containerWeight(oci)(1024)).toBe(weight);
  });
});
