/** Stands for a lone "-" on its way through yargs, which drops it among several positional arguments. No file is called so. */
const SHIELDED = "\u0000-";

/** The arguments as yargs should see them. */
export function shieldDash(args: readonly string[]): string[] {
  return args.map((argument) => (argument === "-" ? SHIELDED : argument));
}

/** The file names as they were typed. */
export function unshieldDash(files: readonly string[]): string[] {
  return files.map((file) => (file === SHIELDED ? "-" : file));
}
