"""SciPy's and mpmath's numbers for lib/stats: tails far out, and whole tests on seeded samples.

    python3 tests/parity/make-stats.py

writes tests/fixtures/parity/stats.json: SciPy 1.17's `levene` (centre: median), `ttest_rel`, `linregress` and
`pearsonr`, quantiles and the distribution function of t, and tails of F and t to 50 digits by mpmath, since SciPy's own
lose digits far out.
"""

import json
import pathlib

import mpmath
import numpy as np
import scipy
from scipy import stats

mpmath.mp.dps = 50


def below(a, b, x):
    """I_x(a, b) to 50 digits, for x below its middle: DLMF 8.17.22, from the inside out."""
    value = mpmath.mpf(1)
    for m in range(1500, -1, -1):
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        value = 1 + odd / value
        if m > 0:
            even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            value = 1 + even / value
    return x**a * (1 - x) ** b / (a * mpmath.beta(a, b)) / value


def f_tail(f, d1, d2):
    f, d1, d2 = mpmath.mpf(f), mpmath.mpf(d1), mpmath.mpf(d2)
    a, b = d2 / 2, d1 / 2
    x = d2 / (d2 + d1 * f)
    return below(a, b, x) if x < (a + 1) / (a + b + 2) else 1 - below(b, a, 1 - x)


def numbers(array):
    return [float(value) for value in array]


def main():
    rng = np.random.default_rng(20211)
    tails = []
    for d1 in (1, 2, 3, 7, 25, 60):
        for d2 in (1, 2, 5, 9, 19, 20, 21, 100, 718, 4321, 9998, 50000):
            for f in (1e-6, 0.01, 0.5, 0.999, 1.0, 1.7, 5.0, 19.5, 60.0, 250.0, 700.0, 1370.0, 1e5, 1e12):
                p = f_tail(f, d1, d2)
                if p > mpmath.mpf("1e-300"):
                    tails.append([f, d1, d2, float(p), float(stats.f.sf(f, d1, d2))])
    t_tails = []
    for df in (1, 2, 3, 7, 30, 1000):
        for t in (0.1, 1.0, 2.5, 10.0, 37.0, 1e4):
            p = f_tail(mpmath.mpf(t) ** 2, 1, df)
            if p > mpmath.mpf("1e-300"):
                t_tails.append([t, df, float(p), float(2 * stats.t.sf(t, df))])
    t_quantiles = [
        [p, df, float(stats.t.ppf(p, df))]
        for df in (1, 2, 3, 5, 8, 9, 10, 12, 30, 1000)
        for p in (0.025, 0.2, 0.5, 0.6, 0.75, 0.9, 0.95, 0.975, 0.995, 0.9999)
    ]
    t_distribution = [
        [t, df, float(stats.t.cdf(t, df))] for df in (1, 5, 8, 10, 30) for t in (-8.0, -2.5, -0.1, 0.0, 0.3, 1.7, 7.356)
    ]
    levene = []
    for sizes in ((5, 5), (6, 6), (40, 40), (333, 333), (12, 7, 30), (2000, 2000), (9, 9)):
        for spread in (1.0, 1.1, 3.0, 40.0):
            samples = [np.round(rng.normal(0, 1 + (spread - 1) * k, size) * 20) / 4 for k, size in enumerate(sizes)]
            found = stats.levene(*samples, center="median")
            levene.append({"samples": [numbers(s) for s in samples], "statistic": float(found.statistic), "p": float(found.pvalue)})
    pairs = []
    for n in (2, 3, 8, 8, 50):
        first = np.round(rng.normal(0.4, 0.1, n), 6)
        second = np.round(first + rng.normal(0.03, 0.03, n), 6)
        test = stats.ttest_rel(second, first)
        line = stats.linregress(first, second)
        pairs.append(
            {
                "first": numbers(first),
                "second": numbers(second),
                "t": float(test.statistic),
                "p": float(test.pvalue),
                "slope": float(line.slope),
                "intercept": float(line.intercept),
                "pearson": float(stats.pearsonr(first, second).statistic),
            }
        )
    out = pathlib.Path(__file__).parent.parent / "fixtures" / "parity" / "stats.json"
    document = {"scipy": scipy.__version__, "fTail": tails, "tTwoSided": t_tails, "tQuantile": t_quantiles, "tDistribution": t_distribution, "levene": levene, "pairs": pairs}
    out.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"SciPy {scipy.__version__}, {len(tails)} tails, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
