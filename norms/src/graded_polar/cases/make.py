"""Random graded sums G = sum_i e^{s_i} u_i v_i^T and their polar factors in as many digits as it takes.

    python make.py SEED COUNT > cases.txt          (mpmath; gmpy2 makes it fast)

The committed cases.txt is a part of `make.py 1 400`: see the command beside `golden_cases` in tests.rs.
A case is a line `case FAMILY rows cols n_terms rank ln_nuclear`, a line of the s_i, a line for each term (u_i, then v_i), and a line with
the polar factor row after row. Vectors are rounded AFTER the exact sum was formed, so linear dependencies hold to rounding only, as in a
training run.
"""
import random
import sys
from mpmath import mp, mpf, matrix, exp, log, sqrt, norm, inverse, qr, mnorm


def eliminate(g):
    """L, pivots, R of complete pivoting, and the decimal order of the last pivot below the first."""
    m, n = g.rows, g.cols
    g = g.copy()
    columns, rows, pivots = [], [], []
    top = max(abs(x) for x in g)
    floor = top * mpf(10) ** (-int(0.75 * mp.dps))
    for _ in range(min(m, n)):
        p, i, j = max((abs(g[i, j]), i, j) for i in range(m) for j in range(n))
        if p <= floor:
            break
        pivot = g[i, j]
        column, row = [g[k, j] / pivot for k in range(m)], [g[i, k] / pivot for k in range(n)]
        for a in range(m):
            for b in range(n):
                g[a, b] = mpf(0) if a == i or b == j else g[a, b] - column[a] * row[b] * pivot
        columns.append(column), rows.append(row), pivots.append(pivot)
    return columns, pivots, rows, float(log(top / abs(pivots[-1]), 10))


def orthonormal(columns, m):
    x = matrix(m, len(columns))
    for k, column in enumerate(columns):
        for i in range(m):
            x[i, k] = column[i]
    q, r = qr(x, mode="skinny")
    return q, r


def polar(g):
    """The polar factor, the rank, the nuclear norm, and the order of the smallest pivot."""
    columns, pivots, rows, order = eliminate(g)
    (qx, rx), (qy, ry) = orthonormal(columns, g.rows), orthonormal(rows, g.cols)
    r = len(pivots)
    core = matrix(r, r)
    for i in range(r):
        for j in range(r):
            core[i, j] = sum(rx[i, k] * pivots[k] * ry[j, k] for k in range(r))
    z, residual = core, mpf(1)
    for _ in range(400):
        inv = inverse(z).T
        scale = sqrt(mnorm(inv, "F") / mnorm(z, "F")) if residual > mpf("1e-3") else mpf(1)
        z = (scale * z + inv / scale) / 2
        residual = mnorm(z.T * z - mp.eye(r), "F")
        if residual < mpf("1e-25"):
            break
    h = z.T * core
    assert residual < mpf("1e-25"), "Newton's iteration did not end"
    return qx * z * qy.T, r, sum(h[i, i] for i in range(r)), order


def total(s, u, v):
    g = matrix(len(u[0]), len(v[0]))
    for weight, a, b in zip(s, u, v):
        w = exp(mpf(weight))
        for i, x in enumerate(a):
            if x != 0:
                for j, y in enumerate(b):
                    g[i, j] += w * x * y
    return g


def case(rng):
    """Exact vectors: small integer combinations of pools of doubles."""
    family = rng.choice(["free", "pool", "shared", "masks", "classes", "integers", "knots", "near"])
    m, n, terms = rng.randint(1, 6), rng.randint(1, 8), rng.randint(1, 10)
    if family == "knots":
        m, n, terms = rng.randint(3, 8), rng.randint(3, 8), rng.randint(6, 14)
    spread = rng.choice([0.0, 5.0, 40.0, 100.0, 600.0, 2000.0, 5000.0])
    s = [rng.uniform(-spread, 0.0) - 100.0 * (family == "free") for _ in range(terms)]
    normal = lambda d: [mpf(rng.gauss(0.0, 1.0)) for _ in range(d)]
    if family == "classes":
        m = max(m, 2)

    def combined(pool):
        out = [mpf(0)] * len(pool[0])
        while not any(out):
            c = [mpf(rng.choice([0, 0, 0, 1, 1, -1, 2])) for _ in pool]
            out = [sum(a * p[k] for a, p in zip(c, pool)) for k in range(len(pool[0]))]
        return out

    pool_u = [normal(m) for _ in range(rng.randint(1, m))]
    pool_v = [normal(n) for _ in range(rng.randint(1, n))]
    u, v = [], []
    for _ in range(terms):
        if family == "free":
            a, b = normal(m), normal(n)
        elif family == "pool":
            a, b = combined(pool_u), combined(pool_v)
        elif family == "knots":
            a, b = combined(pool_u[:4]), combined(pool_v[:4])
        elif family == "near":
            a = [x + mpf(rng.gauss(0.0, 1e-3)) for x in pool_u[0]]
            b = [x + mpf(rng.gauss(0.0, 1e-3)) for x in pool_v[0]]
        elif family == "shared":
            a, b = rng.choice(pool_u), rng.choice(pool_v)
        elif family == "masks":
            a = [x * (1 if rng.random() < 0.6 else mpf("0.25")) * (rng.random() < 0.8) for x in pool_u[0]]
            a, b = (a if any(a) else pool_u[0]), (combined(pool_v) if rng.random() < 0.5 else normal(n))
        elif family == "classes":
            y, k = rng.sample(range(m), 2)
            a = [mpf(int(i == y) - int(i == k)) for i in range(m)]
            b = combined(pool_v)
        else:
            a = [mpf(rng.choice([0, 0, 1, -1])) for _ in range(m)]
            b = [mpf(rng.choice([0, 0, 1, -1])) for _ in range(n)]
            a, b = (a if any(a) else [mpf(1)] * m), (b if any(b) else [mpf(1)] * n)
        u.append(a), v.append(b)
    return family, s, u, v, spread


def solve(rng):
    mp.dps = 60
    family, s, u, v, spread = case(rng)
    if not any(total(s, u, v)):
        return
    unit = [random.Random(7).uniform(-1.0, 0.0) * (k + 1) / 3 for k in range(len(s))]
    rank = polar(total(unit, u, v))[1]
    mp.dps = 80 + int(0.7 * spread)
    while True:
        p, r, nuclear, order = polar(total(s, u, v))
        assert r <= rank
        if (r == rank or spread == 0.0) and mp.dps > order + 50:
            break
        mp.dps = int(1.5 * mp.dps) + int(order)
    text = lambda x: repr(float(x))
    print("case", family, len(u[0]), len(v[0]), len(s), r, text(log(nuclear)))
    print(*s)
    for a, b in zip(u, v):
        print(*[text(x) for x in a], *[text(x) for x in b])
    print(*[text(x) for x in p], flush=True)


if __name__ == "__main__":
    for seed in range(int(sys.argv[2])):
        solve(random.Random(1000003 * int(sys.argv[1]) + seed))
