import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{cli,engine,models,bench,test}/**/*.test.ts"],
    globalSetup: ["./test/build-once.ts"],
    testTimeout: 30_000,
    // Two workers: the command-line tests start processes of their own.
    maxWorkers: 2,
  },
});
