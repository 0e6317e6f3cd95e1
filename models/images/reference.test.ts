import { describe, expect, it } from "vitest";
import { applyDefaultTag, defaultPullPolicy, parseReference } from "./reference.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("image names", () => {
  it("qualifies a short name with Docker Hub and its library", () => {
    expect(parseReference("web")).toEqual({ repository: "docker.io/library/web" });
    expect(parseReference("team/web:1.2")).toEqual({ repository: "docker.io/team/web", tag: "1.2" });
    expect(parseReference("index.docker.io/web")).toEqual({ repository: "docker.io/library/web" });
  });

  it("takes a first part with a dot, a colon or capitals, and localhost, for a registry", () => {
    expect(parseReference("registry.example/web")?.repository).toBe("registry.example/web");
    expect(parseReference("registry:5000/web:2")).toEqual({ repository: "registry:5000/web", tag: "2" });
    expect(parseReference("localhost/web")?.repository).toBe("localhost/web");
    expect(parseReference("Registry/web")?.repository).toBe("Registry/web");
    expect(parseReference("[fd00::1]:5000/web")?.repository).toBe("[fd00::1]:5000/web");
  });

  it("refuses capitals in the repository, URLs, bare digests, short or unknown digests and empty names", () => {
    const invalid = [
      "WEB",
      "team/Web",
      "http://registry.example/web",
      "a".repeat(64),
      `web@sha256:${"a".repeat(63)}`,
      `web@md5:${"a".repeat(32)}`,
      `web@sha256:${"A".repeat(64)}`,
      "",
      "web:",
      "-web",
      `web:${"t".repeat(129)}`,
      `registry.example/${"p".repeat(256)}`,
    ];
    expect(invalid.filter((image) => parseReference(image) !== undefined)).toEqual([]);
  });
});

describe("the default tag", () => {
  it("is latest, and only where there is neither tag nor digest", () => {
    expect(applyDefaultTag("registry:5000/web")).toBe("registry:5000/web:latest");
    expect(applyDefaultTag("web:1")).toBe("web:1");
    expect(applyDefaultTag(`web@${DIGEST}`)).toBe(`web@${DIGEST}`);
    expect(applyDefaultTag("WEB")).toBeUndefined();
  });
});

describe("the default pull policy", () => {
  it("is Always for latest, written or implied, with a digest too, and IfNotPresent for the rest", () => {
    expect(["web", "web:latest", `web:latest@${DIGEST}`].map(defaultPullPolicy)).toEqual([
      "Always",
      "Always",
      "Always",
    ]);
    expect(["web:1", `web@${DIGEST}`, "web:LATEST", "WEB"].map(defaultPullPolicy)).toEqual([
      "IfNotPresent",
      "IfNotPresent",
      "IfNotPresent",
      "IfNotPresent",
    ]);
  });
});
