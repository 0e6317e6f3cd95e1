import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { Page } from "../../models/calibrate/page.ts";

/** The folder for the charts of a page, beside it: that of VALIDATION.md is validation. */
export function chartFolder(file: string): string {
  return basename(file, extname(file)).toLowerCase();
}

/** Writes a page and its charts. */
export function writePage(file: string, { markdown, charts }: Page): void {
  const folder = join(dirname(file), chartFolder(file));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, markdown);
  for (const [name, chart] of charts) writeFileSync(join(folder, name), chart);
}
