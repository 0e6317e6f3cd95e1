import type { Json } from "./adapter.ts";

/** Keys that explain a case and take no part in it, wherever they stand. */
const IGNORED = new Set(["note", "meaning", "why", "use", "basis", "source", "about"]);

export function isIgnored(key: string): boolean {
  return IGNORED.has(key);
}

/** A value whose reads are recorded, and the paths of its leaves that nobody has read. */
export interface Recorded {
  value: Json;
  unread(): string[];
}

/**
 * Wraps a value so that every member that is read is remembered. A leaf is a scalar or an empty list or object; reading
 * a list's length or an object's keys reads no leaf. Ignored keys do not count and are not visible.
 */
export function recordReads(root: Json): Recorded {
  const read = new Set<string>();
  const wrap = (value: Json, path: string): Json => {
    if (value === null || typeof value !== "object") return value;
    return new Proxy(value, {
      get(target, key, receiver) {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof key === "symbol" || !Object.hasOwn(target, key) || isIgnored(key)) {
          return typeof key === "string" && isIgnored(key) ? undefined : member;
        }
        if (Array.isArray(target) && key === "length") return member;
        const at = `${path}/${key}`;
        read.add(at);
        return wrap(member as Json, at);
      },
      has: (target, key) => Reflect.has(target, key) && !isIgnored(String(key)),
      ownKeys: (target) => Reflect.ownKeys(target).filter((key) => Array.isArray(target) || !isIgnored(String(key))),
    });
  };
  return {
    value: wrap(root, ""),
    unread: () => leaves(root, "").filter((path) => path !== "" && !read.has(path)),
  };
}

/** The paths of the scalars and empty containers below a value, ignored keys left out. */
function leaves(value: Json, path: string): string[] {
  if (value === null || typeof value !== "object") return [path];
  const keys = Object.keys(value).filter((key) => !isIgnored(key));
  if (keys.length === 0) return [path];
  return keys.flatMap((key) => leaves((value as Record<string, Json>)[key], `${path}/${key}`));
}
