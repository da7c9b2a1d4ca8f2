"""The last margin of a run, and when the run separated its data.

    python3 analysis/read_h5py.py out/mnist-3-6/gd-seed0.h5          (needs h5py)
"""

import sys

import h5py

with h5py.File(sys.argv[1]) as run:
    norm = run.attrs["norm"]  # the optimiser's own: l2 for gradient, l1 for coordinate, linf for sign descent
    margin = run[f"margin_{norm}"]  # one value a row; margin.attrs["long_name"] says what it is
    step = run["step"]  # the number of steps taken before each row
    separated = run.attrs.get("separation_step", "never")  # absent where train accuracy never was 100 %
    print(f"margin_{norm} {float(margin[-1])!r} at step {step[-1]}, separation step: {separated}")
