"""A trajectory as h5py sees it: real dimension scales on every axis, plain types, texts that are texts."""

import sys

import h5py
import numpy

with h5py.File(sys.argv[1]) as run:
    assert run["step"].is_scale, "`step` is a dimension scale"
    datasets = []
    run.visititems(lambda name, found: datasets.append(found) if isinstance(found, h5py.Dataset) else None)
    for dataset in datasets:
        name, axes = dataset.name, range(dataset.ndim)
        assert dataset.dtype in (numpy.float64, numpy.float32, numpy.int64), f"{name} is {dataset.dtype}"
        if not dataset.is_scale:
            assert all(len(dataset.dims[axis]) == 1 for axis in axes), f"an axis of {name} has no scale"
            lengths = tuple(len(dataset.dims[axis][0]) for axis in axes)
            assert lengths == dataset.shape, f"{name} is {dataset.shape}, its scales {lengths}"
            assert dataset.attrs["long_name"] and dataset.attrs["units"], f"{name} explains itself"
    for name, series in run.items():
        if isinstance(series, h5py.Dataset) and name != "step":
            assert series.dims[0][0] == run["step"], f"{name} runs along `step`"
    assert run["samples/margins"].dims[0][0] == run["step"]
    assert run["samples/margins"].dims[1][0] == run["samples/sample"]
    for place in [run, *run.values(), *datasets]:
        for name, value in place.attrs.items():
            if name not in ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_FillValue"):
                assert isinstance(value, (str, numpy.integer, numpy.floating)), f"{place.name}: {name} = {value!r}"
    print(f"{len(datasets)} datasets")
