"""Side-by-side measurements: what is measured, how it is started, what is said about it.

A part (`soap`, `callers`, `startup`, …) has `GOALS` and `run(bench)`. It starts its peers on a `Bench`,
measures them in rounds (A B C, B C A, …) with `bench.load`, and puts each `Sample` into `bench.results`;
ratios are taken within one round only. What this machine lacks raises `Missing` and is skipped with that
line.
"""
