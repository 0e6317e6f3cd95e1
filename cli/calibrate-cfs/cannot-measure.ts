/** This machine lacks what a measurement needs; the message says what, and what to do. */
export class CannotMeasure extends Error {
  override name = "CannotMeasure";
}
