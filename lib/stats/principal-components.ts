/** Principal components of a few variables by Jacobi's method, accurate to the last digits for any matrix. */

/**
 * Compute the eigenvalues and eigenvectors of a symmetric matrix, largest first. Jacobi's method rotates the
 * coordinates in one plane after another so that the off-diagonal element there becomes zero; each rotation shrinks the
 * sum of their squares, and a few rounds bring it to zero. For a few variables nothing is faster or more accurate.
 *
 * @returns vectors[k] belongs to values[k]; unit length, its entry of largest magnitude positive
 *
 * @example
 * symmetricEigen([[2, 1], [1, 2]]).values // [3, 1]
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const turned = matrix.map((_, i) => matrix.map((__, j): number => (i === j ? 1 : 0)));
  for (let round = 0; round < 64; round++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p][q] ** 2;
    if (off === 0) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        // the smaller of the two rotations that clear a[p][q] (Golub and Van Loan, Matrix Computations, 8.5)
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [kp, kq] = [a[k][p], a[k][q]];
          a[k][p] = c * kp - s * kq;
          a[k][q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k++) {
          const [pk, qk] = [a[p][k], a[q][k]];
          a[p][k] = c * pk - s * qk;
          a[q][k] = s * pk + c * qk;
          const [vp, vq] = [turned[k][p], turned[k][q]];
          turned[k][p] = c * vp - s * vq;
          turned[k][q] = s * vp + c * vq;
        }
        a[p][q] = 0;
        a[q][p] = 0;
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i] || i - j);
  return {
    values: order.map((i) => a[i][i]),
    vectors: order.map((i) => {
      const vector = turned.map((row) => row[i]);
      const largest = vector.reduce((x, y) => (Math.abs(y) > Math.abs(x) + 1e-12 ? y : x), 0);
      return largest < 0 ? vector.map((x) => -x) : vector;
    }),
  };
}

interface PrincipalComponents {
  /** share of the variance explained by each component; they sum to 1 */
  readonly explained: number[];
  /** [component][variable]: the weights of the standardised variables, of unit length */
  readonly loadings: number[][];
  /** [row][component] */
  readonly scores: number[][];
}

/**
 * Compute the principal components of standardised variables (mean 0, standard deviation 1, so that areas in pixels and
 * ratios weigh the same). A variable that does not vary has no weight. Null for fewer than three rows, or when nothing
 * varies.
 */
export function principalComponents(rows: readonly (readonly number[])[]): PrincipalComponents | null {
  const n = rows.length;
  if (n < 3) return null;
  const variables = rows[0].length;
  const standard = rows.map((row) => [...row]);
  for (let v = 0; v < variables; v++) {
    const mean = rows.reduce((sum, row) => sum + row[v], 0) / n;
    const sd = Math.sqrt(rows.reduce((sum, row) => sum + (row[v] - mean) ** 2, 0) / n);
    const varies = sd > 1e-12 * Math.abs(mean);
    for (const row of standard) row[v] = varies ? (row[v] - mean) / sd : 0;
  }
  const correlation = Array.from({ length: variables }, (_, i) =>
    Array.from({ length: variables }, (__, j) => standard.reduce((sum, row) => sum + row[i] * row[j], 0) / n),
  );
  const total = correlation.reduce((sum, row, i) => sum + row[i], 0);
  if (total === 0) return null;
  const { values, vectors } = symmetricEigen(correlation);
  return {
    explained: values.map((value) => Math.max(0, value) / total),
    loadings: vectors,
    scores: standard.map((row) => vectors.map((vector) => vector.reduce((sum, weight, v) => sum + weight * row[v], 0))),
  };
}
