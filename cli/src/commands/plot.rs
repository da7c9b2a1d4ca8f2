//! `steepest plot`: figures from files.

use crate::args::{PlotArgs, XArg};
use crate::output::{Failure, result};
use crate::plots::{self, PlotOptions, XAxis};
use crate::report::Report;

/// `steepest plot FILES -o FIGURE`, or `steepest plot FOLDER --html PAGE`.
pub(crate) fn plot(args: &PlotArgs) -> Result<(), Failure> {
    if let Some(page) = &args.html {
        Report::open(&args.files, args.title.as_deref())?.write(page)?;
        result(&page.display().to_string());
        return Ok(());
    }
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
