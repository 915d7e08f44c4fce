/**
 * The circles of a graph: its strongly connected components of more than one node, and nodes that
 * lead to themselves, each sorted (Tarjan, "Depth-first search and linear graph algorithms", 1972).
 */
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): readonly string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];

  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    stack.push(node);
    let low = index;
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === index) close(node);
    return low;
  };

  const close = (root: string): void => {
    const component = stack.splice(stack.indexOf(root));
    if (component.length > 1 || graph.get(root)?.includes(root)) circles.push(component.sort());
  };

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles.sort((a, b) => (a.join() < b.join() ? -1 : 1));
}
