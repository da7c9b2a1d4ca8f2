//! What the command line says.

use anyhow::{Context, bail};
use std::path::PathBuf;
use steepest_cli::config::Setting;

/// What to time, and for how long.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The experiment file.
    pub(crate) file: PathBuf,
    /// The names of the runs; all if there are none.
    pub(crate) runs: Vec<String>,
    /// Changes of fields of the file.
    pub(crate) settings: Vec<Setting>,
    /// Seconds a run at most.
    pub(crate) seconds: f64,
    /// Whether matrix products are timed in place of steps.
    pub(crate) products: bool,
}

impl Arguments {
    /// Reads the arguments that follow the name of the program.
    ///
    /// # Errors
    /// If one is unknown, has no value, or there is no file.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (mut file, mut runs, mut settings, mut seconds, mut products) = (None, Vec::new(), Vec::new(), 1.0, false);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--run" => runs.push(value()?),
                "--set" => settings.push(value()?.parse().map_err(anyhow::Error::msg)?),
                "--seconds" => seconds = value()?.parse().context("--seconds needs a number")?,
                "--products" => products = true,
                // cargo gives this one to whatever it runs as a bench
                "--bench" => {}
                flag if flag.starts_with('-') => bail!("unknown argument {flag}"),
                _ => file = Some(PathBuf::from(argument)),
            }
        }
        let file = file.context("an experiment file is needed")?;
        Ok(Self { file, runs, settings, seconds, products })
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn parse(text: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_argument_is_read() {
        let read = parse("a.toml --run GD --run CD --set stop.steps=7 --seconds 2.5 --products").unwrap();
        assert_eq!(
            (read.file.to_str(), read.runs, read.products),
            (Some("a.toml"), vec!["GD".into(), "CD".into()], true)
        );
        assert_eq!(read.settings[0].key, ["stop", "steps"]);
        assert!((read.seconds - 2.5).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, part) in [("", "file"), ("a --fast", "--fast"), ("a --run", "value"), ("a --seconds soon", "number")]
        {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
