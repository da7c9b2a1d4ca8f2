"""The last margin of a run, and when the run separated its data.

    python3 analysis/read_xarray.py out/mnist-3-6/gd-seed0.h5        (needs xarray and h5netcdf)
"""

import sys

import xarray

run = xarray.open_dataset(sys.argv[1])  # every series along `step`; group="samples" has the margin of each sample
norm = run.attrs.get("norm_after_switch", run.attrs["norm"])  # the optimiser's own: l2 for gradient, l1 for coordinate, linf for sign descent
last = run[f"margin_{norm}"].isel(step=-1)  # run.margin_l2.plot() draws the curve
separated = run.attrs.get("separation_step", "never")  # absent where train accuracy never was 100 %
print(f"margin_{norm} {last.item()!r} at step {last.step.item()}, separation step: {separated}")
