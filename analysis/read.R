# The last margin of a run, and when the run separated its data.
#
#     Rscript analysis/read.R out/mnist-3-6/gd-seed0.h5              (needs hdf5r)

library(hdf5r)

run <- H5File$new(commandArgs(trailingOnly = TRUE)[1], mode = "r")
# the optimiser's own: l2 for gradient, l1 for coordinate, linf for sign descent
norm <- h5attr(run, "norm")
margin <- run[[paste0("margin_", norm)]][]   # one value a row (of samples/margins, R shows the step LAST)
step <- run[["step"]][]   # the number of steps taken before each row
separated <- if ("separation_step" %in% h5attr_names(run)) h5attr(run, "separation_step") else "never"
cat(sprintf("margin_%s %.17g at step %s, separation step: %s\n", norm, tail(margin, 1), tail(step, 1), separated))
run$close_all()
