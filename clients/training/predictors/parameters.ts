import { randomStream, type Seed, toFixedPoint } from "@plenary/protocol";
import { reshape, split } from "../graph/shape.ts";
import { sizeOf, type Tensor } from "../graph/tensor.ts";
import type { ParameterBlock } from "./predictor.ts";

/**
 * One named block of parameters, and how it begins: `spread` and `centre` are of its initial
 * values.
 */
export interface ParameterSpecification {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role?: ParameterBlock["role"];
  readonly rate?: number;
  /** Half-width of the uniform distribution of the first values; 0 for a constant. */
  readonly spread?: number;
  /** Centre of the first values; 0 unless given. */
  readonly centre?: number;
}

/** The parameter vector's layout: blocks in order, without gaps. */
export function layOut(specifications: readonly ParameterSpecification[]): ParameterBlock[] {
  let offset = 0;
  return specifications.map(({ name, shape, role = "network", rate }) => {
    const from = offset;
    offset += sizeOf(shape);
    return { name, shape, from, to: offset, role, ...(rate !== undefined && { rate }) };
  });
}

/**
 * First values, uniform around their centre. Uniform draws need no logarithm or cosine, so that
 * every machine gets the same integers.
 */
export function firstValues(
  specifications: readonly ParameterSpecification[],
  seed: Seed,
): Int32Array {
  const blocks = layOut(specifications);
  const values = new Float64Array(blocks.at(-1)?.to ?? 0);
  specifications.forEach(({ name, spread = 0, centre = 0 }, index) => {
    const random = randomStream(seed, "initial parameters", name);
    const { from, to } = blocks[index]!;
    for (let i = from; i < to; i += 1) {
      values[i] = spread === 0 ? centre : centre + spread * (2 * random.unit() - 1);
    }
  });
  return toFixedPoint(values);
}

/** Views of the flat parameter vector inside the graph, by block name. */
export function unpack(theta: Tensor, blocks: readonly ParameterBlock[]): (name: string) => Tensor {
  const pieces = split(
    theta,
    0,
    blocks.map(({ from, to }) => to - from),
  );
  const tensors = new Map(
    blocks.map(({ name, shape }, index) => [name, reshape(pieces[index]!, shape)] as const),
  );
  return (name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`there is no parameter block ${name}`);
    return tensor;
  };
}
