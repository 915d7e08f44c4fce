/**
 * Solves A x = b for a symmetric positive definite A (row-major [n, n]; its upper triangle is not
 * read), by A = L L' (Golub and Van Loan, Matrix Computations, 4.2). In float64.
 */
export function solveSymmetric(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const lower = factor(a, n);
  const x = b.slice();
  for (let i = 0; i < n; i += 1) {
    let value = x[i]!;
    for (let k = 0; k < i; k += 1) value -= lower[i * n + k]! * x[k]!;
    x[i] = value / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let value = x[i]!;
    for (let k = i + 1; k < n; k += 1) value -= lower[k * n + i]! * x[k]!;
    x[i] = value / lower[i * n + i]!;
  }
  return x;
}

function factor(a: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let value = a[i * n + j]!;
      for (let k = 0; k < j; k += 1) value -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(value) : value / lower[j * n + j]!;
    }
  }
  return lower;
}
