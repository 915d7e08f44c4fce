import { TrainingError } from "../errors.ts";
import {
  type Attributes,
  type ElementType,
  type GradientRule,
  type NodeSpecification,
  type OutputRule,
  type Shape,
  sameShape,
  sizeOf,
  type Tape,
  type Tensor,
} from "./tensor.ts";

/** One operator of ONNX, with its tensors and attributes. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
}

/** A tensor whose values are part of the graph, in row-major order. */
export interface GraphConstant {
  readonly tensor: Tensor;
  readonly values: ArrayLike<number>;
}

/** An input or output of a graph, by the name that it is fed or read by. */
export interface GraphValue {
  readonly name: string;
  readonly tensor: Tensor;
}

/** A finished graph: only the parts that its outputs need. */
export interface GraphDefinition {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly GraphConstant[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}

interface TapeEntry {
  readonly node: GraphNode;
  readonly gradient: GradientRule;
}

/**
 * Builder of a static-shape graph with reverse-mode differentiation: forward operators record their
 * gradient rules on a tape; `gradient` walks it backwards and emits more ordinary operators.
 */
export class Graph implements Tape {
  readonly #nodes: GraphNode[] = [];
  readonly #constants: GraphConstant[] = [];
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #tape: TapeEntry[] = [];
  readonly #interned = new Map<string, Tensor>();
  #counter = 0;
  #recording = true;

  input(
    name: string,
    shape: Shape,
    options: { elementType?: ElementType; tracked?: boolean } = {},
  ): Tensor {
    const { elementType = "float32", tracked = false } = options;
    const tensor: Tensor = { graph: this, name, shape, elementType, tracked };
    this.#inputs.push({ name, tensor });
    return tensor;
  }

  output(name: string, tensor: Tensor): void {
    const inputs = [{ ...tensor, tracked: false }];
    const named: Tensor = { ...tensor, name, tracked: false };
    this.#nodes.push({ operator: "Identity", inputs, outputs: [named], attributes: {} });
    this.#outputs.push({ name, tensor: named });
  }

  constant(values: ArrayLike<number>, shape: Shape, elementType: ElementType = "float32"): Tensor {
    if (values.length !== sizeOf(shape)) {
      throw new TrainingError(
        "graph-invalid",
        `${values.length} values do not fill the shape [${shape}]`,
      );
    }
    const key = values.length <= 16 ? `${elementType}[${shape}]${Array.from(values)}` : undefined;
    const known = key === undefined ? undefined : this.#interned.get(key);
    if (known !== undefined) return known;
    const tensor: Tensor = {
      graph: this,
      name: this.#name("c"),
      shape,
      elementType,
      tracked: false,
    };
    this.#constants.push({ tensor, values });
    if (key !== undefined) this.#interned.set(key, tensor);
    return tensor;
  }

  scalar(value: number): Tensor {
    return this.constant([value], []);
  }

  integers(values: readonly number[]): Tensor {
    return this.constant(values, [values.length], "int64");
  }

  nodes(specification: NodeSpecification): readonly Tensor[] {
    const { operator, inputs, shapes, attributes = {}, gradient } = specification;
    const tracked = this.#recording && inputs.some((input) => input.tracked);
    if (tracked && gradient === undefined) {
      throw new TrainingError(
        "graph-invalid",
        `${operator} has no gradient rule and one of its inputs is tracked; detach the input if none is meant`,
        { operator },
      );
    }
    const elementType = inputs[0]?.elementType ?? "float32";
    const outputs = shapes.map((shape) => ({
      graph: this,
      name: this.#name("t"),
      shape,
      elementType,
      tracked,
    }));
    const node: GraphNode = { operator, inputs, outputs, attributes };
    this.#nodes.push(node);
    if (tracked && gradient !== undefined) this.#tape.push({ node, gradient });
    return outputs;
  }

  node(
    operator: string,
    inputs: readonly Tensor[],
    shape: Shape,
    gradient?: OutputRule,
    attributes: Attributes = {},
  ): Tensor {
    const rule: GradientRule | undefined =
      gradient === undefined
        ? undefined
        : ([output]) => (output === undefined ? [] : gradient(output));
    const [tensor] = this.nodes({
      operator,
      inputs,
      shapes: [shape],
      attributes,
      ...(rule === undefined ? {} : { gradient: rule }),
    });
    return tensor!;
  }

  withGradient(inputs: readonly Tensor[], value: Tensor, gradient: OutputRule): Tensor {
    if (value.tracked) {
      throw new TrainingError(
        "graph-invalid",
        "a value with its own gradient must be built from detached inputs",
      );
    }
    if (!this.#recording || !inputs.some((input) => input.tracked)) return value;
    const output: Tensor = { ...value, name: this.#name("t"), tracked: true };
    this.#nodes.push({ operator: "Identity", inputs: [value], outputs: [output], attributes: {} });
    this.#tape.push({
      node: { operator: "custom gradient", inputs, outputs: [output], attributes: {} },
      gradient: ([arriving]) => (arriving === undefined ? [] : gradient(arriving)),
    });
    return output;
  }

  /**
   * Gradients of a scalar for tracked tensors, in their order. Throws when no path leads from the
   * loss to one of them, and when a rule leaves out a tracked input or returns a wrong shape: a
   * lost gradient would otherwise read as zeros.
   */
  gradient(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
    if (sizeOf(loss.shape) !== 1) {
      throw new TrainingError(
        "graph-invalid",
        `a loss must be one number, not of shape [${loss.shape}]`,
      );
    }
    const gradients = new Map([[loss.name, this.constant([1], loss.shape)]]);
    this.#recording = false;
    try {
      for (const entry of this.#tape.toReversed()) this.#propagate(entry, gradients);
    } finally {
      this.#recording = true;
    }
    return targets.map((target) => {
      const gradient = gradients.get(target.name);
      if (gradient === undefined) {
        throw new TrainingError("graph-invalid", `no gradient reaches ${target.name}`);
      }
      return gradient;
    });
  }

  /** The nodes, constants and inputs that the outputs need, in order. */
  definition(): GraphDefinition {
    const needed = new Set(this.#outputs.map((output) => output.name));
    const nodes: GraphNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output.name))) continue;
      nodes.push(node);
      for (const input of node.inputs) needed.add(input.name);
    }
    return {
      nodes: nodes.reverse(),
      constants: this.#constants.filter(({ tensor }) => needed.has(tensor.name)),
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  #name(prefix: string): string {
    this.#counter += 1;
    return `${prefix}${this.#counter}`;
  }

  #propagate(entry: TapeEntry, gradients: Map<string, Tensor>): void {
    const { operator, inputs, outputs } = entry.node;
    const arriving = outputs.map((output) => gradients.get(output.name));
    if (arriving.every((gradient) => gradient === undefined)) return;
    const leaving = entry.gradient(arriving);
    inputs.forEach((input, position) => {
      if (!input.tracked) return;
      const gradient = leaving[position];
      if (gradient === undefined || !sameShape(gradient.shape, input.shape)) {
        const problem = gradient === undefined ? "is missing" : `has shape [${gradient.shape}]`;
        throw new TrainingError(
          "graph-invalid",
          `the gradient of ${operator} for input ${position} of shape [${input.shape}] ${problem}`,
          { operator, position },
        );
      }
      const earlier = gradients.get(input.name);
      const sum =
        earlier === undefined ? gradient : this.node("Add", [earlier, gradient], input.shape);
      gradients.set(input.name, sum);
    });
  }
}
