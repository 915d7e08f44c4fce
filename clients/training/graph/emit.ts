import type { Graph, GraphConstant, GraphDefinition, GraphNode, GraphValue } from "./graph.ts";
import { ProtobufWriter } from "./protobuf.ts";
import type { Attribute, ElementType, Shape } from "./tensor.ts";

/**
 * Operator set and format version (onnx.ai, "Versioning"); LayerNormalization needs at least 17.
 */
const OPERATOR_SET = 18;
const IR_VERSION = 9;

/** onnx.proto: TensorProto.DataType */
const DATA_TYPES: Record<ElementType, number> = { float32: 1, int64: 7 };

/** onnx.proto: AttributeProto, with its AttributeType in field 20. */
function attributeMessage(name: string, attribute: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if ("float" in attribute) return message.float(2, attribute.float).integer(20, 1);
  if ("int" in attribute) return message.integer(3, attribute.int).integer(20, 2);
  for (const value of attribute.ints) message.integer(8, value);
  return message.integer(20, 7);
}

/** onnx.proto: NodeProto */
function nodeMessage(node: GraphNode): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const input of node.inputs) message.text(1, input.name);
  for (const output of node.outputs) message.text(2, output.name);
  message.text(3, `${node.operator}:${node.outputs[0]?.name ?? ""}`).text(4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message.message(5, attributeMessage(name, attribute));
  }
  return message;
}

/** onnx.proto: TensorProto with raw little-endian data */
function constantMessage({ tensor, values }: GraphConstant): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const dimension of tensor.shape) message.integer(1, dimension);
  message.integer(2, DATA_TYPES[tensor.elementType]).text(8, tensor.name);
  return message.bytes(9, rawData(values, tensor.elementType));
}

/** Whether this machine keeps numbers as the form does: weights are then taken as they are. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function rawData(values: ArrayLike<number>, elementType: ElementType): Uint8Array {
  if (values instanceof Float32Array && elementType === "float32" && LITTLE_ENDIAN)
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const width = elementType === "int64" ? 8 : 4;
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i += 1) {
    if (elementType === "int64") view.setBigInt64(i * 8, BigInt(values[i]!), true);
    else view.setFloat32(i * 4, values[i]!, true);
  }
  return bytes;
}

/** onnx.proto: ValueInfoProto with a static tensor type */
function valueMessage({ name, tensor }: GraphValue): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dimension of tensor.shape)
    shape.message(1, new ProtobufWriter().integer(1, dimension));
  const type = new ProtobufWriter().integer(1, DATA_TYPES[tensor.elementType]).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, type));
}

/**
 * An ONNX model file together with the inputs that it must be fed and the outputs that it yields.
 */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly inputs: Readonly<
    Record<string, { readonly shape: Shape; readonly elementType: ElementType }>
  >;
  readonly outputs: readonly string[];
  /**
   * The same model with some inputs turned into constants, and with metadata: for other ONNX
   * runtimes.
   */
  withConstants(
    values: Readonly<Record<string, Float32Array>>,
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array;
}

/** The graph as an ONNX model: standard operators only, so that any ONNX runtime loads it. */
export function emitOnnx(graph: Graph, name: string): OnnxModel {
  const definition = graph.definition();
  const inputs = definition.inputs.map(
    ({ name: input, tensor: { shape, elementType } }) => [input, { shape, elementType }] as const,
  );
  return {
    bytes: modelBytes(definition, name, {}),
    inputs: Object.fromEntries(inputs),
    outputs: definition.outputs.map((output) => output.name),
    withConstants: (values, metadata) => {
      const constants = definition.inputs.flatMap(({ name: input, tensor }) =>
        values[input] === undefined ? [] : [{ tensor, values: values[input] }],
      );
      const rest = {
        ...definition,
        constants: [...definition.constants, ...constants],
        inputs: definition.inputs.filter((input) => values[input.name] === undefined),
      };
      return modelBytes(rest, name, metadata);
    },
  };
}

/** onnx.proto: ModelProto */
function modelBytes(
  definition: GraphDefinition,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const body = new ProtobufWriter();
  for (const node of definition.nodes) body.message(1, nodeMessage(node));
  body.text(2, name);
  for (const constant of definition.constants) body.message(5, constantMessage(constant));
  for (const input of definition.inputs) body.message(11, valueMessage(input));
  for (const output of definition.outputs) body.message(12, valueMessage(output));
  const operators = new ProtobufWriter().text(1, "").integer(2, OPERATOR_SET);
  const model = new ProtobufWriter().integer(1, IR_VERSION).text(2, "plenary");
  model.message(7, body).message(8, operators);
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, new ProtobufWriter().text(1, key).text(2, value));
  }
  return model.finish();
}
