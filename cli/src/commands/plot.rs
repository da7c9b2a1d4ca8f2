//! `steepest plot`: figures from files.

use crate::args::{PlotArgs, XArg};
use crate::output::{Failure, result};
use crate::plots::{self, PlotOptions, XAxis};

/// `steepest plot FILES -o FIGURE`.
pub(crate) fn plot(args: &PlotArgs) -> Result<(), Failure> {
    let trajectories = plots::load(&args.files)?;
    let x = match args.x {
        XArg::Step => XAxis::Step,
        XArg::LnLoss => XAxis::LnLoss,
    };
    let page = plots::page(&trajectories, &PlotOptions { x, y: args.y.clone(), title: args.title.clone() })?;
    for file in plots::write(&page, &args.output, args.png)? {
        result(&file.display().to_string());
    }
    Ok(())
}
