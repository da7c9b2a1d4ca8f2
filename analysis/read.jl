# The last margin of a run, and when the run separated its data.
#
#     julia analysis/read.jl out/mnist-3-6/gd-seed0.h5               (needs HDF5.jl)
#
# Written after the manual of HDF5.jl and not yet run: Julia was not at hand.

using HDF5

h5open(ARGS[1], "r") do run
    # the optimiser's own: l2 for gradient, l1 for coordinate, linf for sign descent
    norm = read_attribute(run, "norm")
    margin = read(run["margin_$norm"])   # one value a row (of samples/margins, Julia shows the step LAST)
    step = read(run["step"])   # the number of steps taken before each row
    separated = haskey(attributes(run), "separation_step") ? read_attribute(run, "separation_step") : "never"
    println("margin_$norm $(last(margin)) at step $(last(step)), separation step: $separated")
end
