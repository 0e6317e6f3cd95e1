/** In which family of suffixes a Kubernetes quantity prints: powers of 1024, powers of 1000, or exponents. */
export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["", "k", "M", "G", "T", "P", "E"];

/** The format that the suffix of a quantity's text gives it. */
export function quantityFormat(text: string): QuantityFormat {
  if (text.endsWith("i")) return "BinarySI";
  return /[eE][+-]?[0-9]+$/.test(text) ? "DecimalExponent" : "DecimalSI";
}

/**
 * Prints a whole number as Kubernetes prints a quantity: with the largest suffix that loses nothing. Binary quantities
 * below 1024 print as decimal ones do.
 *
 * Source: kubernetes v1.34 staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go CanonicalizeBytes
 */
export function quantityText(value: number, format: QuantityFormat): string {
  const isBinary = format === "BinarySI" && Math.abs(value) >= 1024;
  const step = isBinary ? 1024 : 1000;
  let rest = value;
  let power = 0;
  while (rest !== 0 && rest % step === 0 && power < 6) {
    rest /= step;
    power++;
  }
  if (isBinary) return `${rest}${BINARY[power]}`;
  if (format === "DecimalExponent") return power === 0 ? `${rest}` : `${rest}e${power * 3}`;
  return `${rest}${DECIMAL[power]}`;
}
