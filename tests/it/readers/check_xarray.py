"""A trajectory as xarray sees it: every promise of docs/trajectory-format.md that it can check."""

import sys

import numpy
import xarray

PROMISED = """ln_loss train_accuracy test_accuracy norm_l1 norm_l2 norm_linf norm_spectral
margin_l1 margin_l2 margin_linf margin_spectral soft_margin_l1 soft_margin_l2 soft_margin_linf soft_margin_spectral
ln_dual_norm step_size flow_time wall_seconds""".split()

path = sys.argv[1]
run = xarray.open_dataset(path)
assert not (missing := [name for name in PROMISED if name not in run.data_vars]), f"missing: {missing}"
assert set(run.sizes) == {"step"}, f"dimensions at the root: {dict(run.sizes)}"
assert list(run.coords) == ["step"] and run.step.dtype == numpy.int64
assert (numpy.diff(run.step) > 0).all(), "steps ascend"
for name, series in run.data_vars.items():
    assert series.dims == ("step",), f"{name} has the axes {series.dims}"
    assert series.dtype == numpy.float64, f"{name} is {series.dtype}"
    assert series.attrs["long_name"] and series.attrs["units"] and series.attrs["symbol"], f"{name} explains itself"
    assert "undefined_when" in series.attrs or not series.isnull().any(), f"{name} is NaN without a reason"
for name, kind in {"title": str, "about": str, "norm": str, "optimizer": str, "status": str}.items():
    assert isinstance(run.attrs[name], kind) and run.attrs[name], f"attribute {name}: {run.attrs[name]!r}"
for name in ["format_version", "finished", "separation_step", "degree", "seed", "steps_done"]:
    assert int(run.attrs[name]) == run.attrs[name] >= 0, f"attribute {name}: {run.attrs[name]!r}"
assert run.attrs["finished"] == 1 and run.attrs["format_version"] == 1

separated = run.sel(step=run.attrs["separation_step"])
assert separated.train_accuracy == 1.0, "a step is a label of the axis"
assert (run.train_accuracy.where(run.step < separated.step, drop=True) < 1.0).all(), "and this is the first"

samples = xarray.open_dataset(path, group="samples")
assert samples.margins.dims == ("step", "sample") and samples.sizes["step"] == run.sizes["step"]
numpy.testing.assert_array_equal((samples.margins > 0).mean("sample"), run.train_accuracy)
degree = int(run.attrs["degree"])
numpy.testing.assert_allclose(samples.margins.min("sample") / run.norm_l2.values**degree, run.margin_l2, rtol=1e-13)

weights = xarray.open_dataset(path, group="parameters")
assert weights.W1.dims == ("snapshot_step", "W1_row", "W1_col"), weights.W1.dims
largest = max(float(abs(weights[name].isel(snapshot_step=-1)).max()) for name in weights.data_vars)
assert largest == float(run.norm_linf[-1]), "the last snapshot is the last row's"

tree = xarray.open_datatree(path)
assert {"samples", "parameters", "data", "config", "provenance", "events"} <= set(tree.children), list(tree.children)
assert len(tree["events"].attrs) == tree["events"].sizes["event_step"]
assert "[model]" in tree["config"].attrs["toml_resolved"]
print(f"{len(run.data_vars)} series, {run.sizes['step']} rows")
