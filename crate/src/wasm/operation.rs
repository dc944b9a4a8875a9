//! What a job does.

/// An operation, over whole maps or over regions. RoIAlign, which averages, has `Forward` and `Backward` alone.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Forward,
    ForwardWithIndices,
    Backward,
    Average,
    AverageBackward,
}

impl Operation {
    /// The operation that has a number in a job. The numbers from [`FIRST_OF_REGIONS`] on stand for the same ones over regions.
    pub fn of(number: usize) -> Self {
        match number % FIRST_OF_REGIONS {
            0 => Operation::Forward,
            1 => Operation::ForwardWithIndices,
            2 => Operation::Backward,
            3 => Operation::Average,
            _ => Operation::AverageBackward,
        }
    }
}

/// The number of the first operation over regions.
pub(super) const FIRST_OF_REGIONS: usize = 5;
