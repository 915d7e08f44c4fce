import type { Checkpoint } from "@plenary/protocol";

/**
 * The distance of two ends of one segment: the largest, over parameters and each moment, of |a - b|
 * / |b - start| in L2 norms. Moments count as parameters do, for later steps follow from them.
 */
export function segmentDrift(a: Checkpoint, b: Checkpoint, start: Checkpoint): number {
  const distance = (x: Float32Array, y: Float32Array) =>
    Math.sqrt(x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0));
  const vectors = ({ parameters, moments }: Checkpoint) => [parameters, ...moments];
  const [other, first] = [vectors(b), vectors(start)];
  const parts = vectors(a).map((vector, i) => {
    const apart = distance(vector, other[i]!);
    return apart === 0 ? 0 : apart / distance(other[i]!, first[i]!);
  });
  return Math.max(...parts);
}
