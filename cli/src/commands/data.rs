//! `steepest data`: datasets on this machine.

use crate::args::{DataAction, DataArgs, FetchArg};
use crate::output::{Failure, note, result};
use steepest_data::source::fetch::fetch_mnist;
use steepest_data::source::mnist::{Checksums, Mnist};
use steepest_data::source::mnist_files::default_folder;

/// `steepest data fetch mnist`, `steepest data status`.
pub(crate) fn data(args: &DataArgs) -> Result<(), Failure> {
    match &args.action {
        DataAction::Fetch { dataset: FetchArg::Mnist, folder } => {
            let folder = folder.clone().unwrap_or_else(default_folder);
            let report = fetch_mnist(&folder, &mut note)?;
            if report.already_there {
                note(&format!("MNIST is in {} already, checksums verified", folder.display()));
            }
            report.files.iter().for_each(|file| result(&file.display().to_string()));
        }
        DataAction::Status => {
            let folder = default_folder();
            match Mnist::open(&folder, false).map(|m| m.checksums()) {
                Ok(Checksums::Verified) => result(&format!("mnist       {} (checksums verified)", folder.display())),
                Ok(Checksums::Different) => {
                    result(&format!("mnist       {} (not MNIST's checksums)", folder.display()));
                }
                Err(_) => {
                    result(&format!("mnist       not in {}: `steepest data fetch mnist` gets it", folder.display()));
                }
            }
            result("uci_digits  inside the program (1797 images of 8x8)");
        }
    }
    Ok(())
}
