import { describe, expect, it } from "vitest";
import { mayUsePresentImage, type PullCredential } from "./credentials.ts";

const SECRET: PullCredential = { kind: "secret", namespace: "shop", name: "registry", uid: "1", hash: "a1" };
const ACCOUNT: PullCredential = { kind: "serviceAccount", namespace: "shop", name: "web", uid: "7" };

/** Whether a pod may use an image that `known` brought, with credentials that differ from its own as told. */
function mayUse(known: PullCredential, asking: Partial<PullCredential>): boolean {
  const image = { isPreloaded: false, isAllowlisted: false, record: { credentials: [known] } };
  return mayUsePresentImage("AlwaysVerify", image, [{ ...known, ...asking }]);
}

describe("an image that is there under credential verification", () => {
  it("is for pods with the same secret, by its name and UID or by its content", () => {
    expect(mayUse(SECRET, {})).toBe(true);
    expect(mayUse(SECRET, { hash: "b2" })).toBe(true);
    expect(mayUse(SECRET, { namespace: "other", name: "copy", uid: "2" })).toBe(true);
    expect(mayUse(SECRET, { uid: "2", hash: "b2" })).toBe(false);
  });

  it("is not given away by contents that could not be hashed", () => {
    expect(mayUse({ ...SECRET, hash: "" }, { uid: "2" })).toBe(false);
  });

  it("is for the same service account of the same UID, and never for a secret of that name", () => {
    expect(mayUse(ACCOUNT, {})).toBe(true);
    expect(mayUse(ACCOUNT, { uid: "8" })).toBe(false);
    expect(mayUse(ACCOUNT, { kind: "secret" })).toBe(false);
  });

  it("is for every pod where the policy leaves it out, or where it was pulled without a pod's credentials", () => {
    const image = { isPreloaded: true, isAllowlisted: false };
    expect(mayUsePresentImage("NeverVerifyPreloadedImages", image, [])).toBe(true);
    expect(mayUsePresentImage("NeverVerifyAllowlistedImages", image, [])).toBe(false);
    expect(mayUsePresentImage("AlwaysVerify", { ...image, record: { isForAllPods: true, credentials: [] } }, [])).toBe(
      true,
    );
  });
});
