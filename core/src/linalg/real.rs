//! The numbers that matrices are made of.

#[cfg(feature = "linalg")]
use faer::traits::ComplexField as Field;
use ndarray::LinalgScalar;
use std::cell::RefCell;
use std::fmt::Debug;
use std::thread::LocalKey;

/// Double precision; or single, for whoever bounds what its rounding does.
pub trait Real: LinalgScalar + Field + Kept + InRows + PartialEq + Debug + Default + Send + Sync {
    /// a b + self, rounded once.
    #[must_use]
    fn plus_product(self, a: Self, b: Self) -> Self;
}

#[cfg(not(feature = "linalg"))]
#[doc(hidden)]
pub trait Field {}

/// Memory that products keep for copies, one for each thread.
#[doc(hidden)]
pub trait Kept: Sized + 'static {
    fn kept() -> &'static LocalKey<RefCell<Vec<Self>>>;
}

/// Numbers in rows of 512 bytes: the sums of a row stay in registers, and sixty-four rows in the first cache.
#[doc(hidden)]
pub trait InRows: Sized {
    /// The numbers of a row.
    type Row: AsRef<[Self]> + AsMut<[Self]> + Copy + Debug + Send + Sync;

    /// A row of zeros.
    const ZEROS: Self::Row;

    /// How many numbers a row has.
    const COLUMNS: usize = 512 / size_of::<Self>();
}

macro_rules! real {
    ($float:ty) => {
        impl Real for $float {
            #[inline(always)]
            fn plus_product(self, a: Self, b: Self) -> Self {
                a.mul_add(b, self)
            }
        }

        #[cfg(not(feature = "linalg"))]
        impl Field for $float {}

        impl InRows for $float {
            type Row = [Self; Self::COLUMNS];

            const ZEROS: Self::Row = [0.0; Self::COLUMNS];
        }

        impl Kept for $float {
            fn kept() -> &'static LocalKey<RefCell<Vec<Self>>> {
                thread_local! {
                    static KEPT: RefCell<Vec<$float>> = const { RefCell::new(Vec::new()) };
                }
                &KEPT
            }
        }
    };
}

real!(f32);
real!(f64);
