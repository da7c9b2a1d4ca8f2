//! Where a file came from: what a reader years later needs to judge its last digits.

use std::time::{SystemTime, UNIX_EPOCH};
use steepest_core::linalg;

/// Version, linear algebra, processor and time, by name.
pub fn provenance() -> Vec<(String, String)> {
    let report = linalg::backend();
    [
        ("steepest_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("linear_algebra", report.backend.name().to_owned()),
        ("linear_algebra_reason", report.reason),
        ("factorisations", report.factorisations.name().to_owned()),
        ("openblas_kernel", report.openblas_kernel),
        ("threads_per_run", "1".to_owned()),
        ("processor", format!("{} {}", std::env::consts::ARCH, processor_features())),
        ("operating_system", std::env::consts::OS.to_owned()),
        ("started_utc", utc(SystemTime::now())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn processor_features() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            return "AVX-512";
        }
        if std::is_x86_feature_detected!("avx2") {
            return "AVX2";
        }
        "SSE2"
    }
    #[cfg(not(target_arch = "x86_64"))]
    ""
}

/// A moment as `2026-01-31T12:00:00Z`.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The date of a number of days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_right() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), date);
        }
    }
}
