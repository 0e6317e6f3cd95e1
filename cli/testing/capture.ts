import { vi } from "vitest";

/** What a command has printed, and the exit status that it leaves: 0 if it set none. */
export interface Captured {
  stdout: string;
  stderr: string;
  status: number | string;
}

/** Runs a command in this process, and keeps what it prints. Throws what the command throws. */
export async function captured(command: () => unknown): Promise<Captured> {
  process.exitCode = undefined;
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  // What yargs prints itself, such as help.
  const log = vi.spyOn(console, "log").mockImplementation((text: string) => void (written.stdout += text));
  try {
    await command();
    return { ...written, status: process.exitCode ?? 0 };
  } finally {
    for (const spy of [...spies, log]) spy.mockRestore();
    process.exitCode = undefined;
  }
}
