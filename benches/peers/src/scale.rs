//! How much of everything a run does. The numbers trade the width of a median against the length of the run.

/// Sizes and repetitions of a run.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Rows of the store that reads and group commits work on.
    pub rows: u64,
    /// Turns of reads.
    pub get_rounds: usize,
    /// Reads of one turn.
    pub gets_per_round: usize,
    /// Turns of group commits.
    pub group_rounds: usize,
    /// Puts of one turn with 64 in flight: enough groups that filling and draining the window do not show.
    pub puts_per_round_64: u64,
    /// The same with 1,024 in flight.
    pub puts_per_round_1024: u64,
    /// Serial puts.
    pub serial_puts: usize,
    /// Transactions of 10,000 puts.
    pub transactions: usize,
    /// Batches of 128, and deletions.
    pub batches: usize,
    /// Entries of the stores that are deleted from, at least.
    pub deleted_from: u64,
    /// Entries of the stores of which half is deleted and put again.
    pub churned_rows: u64,
    /// Walks over a sixteenth of the rows.
    pub walks: usize,
    /// Backups of all rows.
    pub backups: usize,
    /// Puts of 100 KiB and of 4 MiB.
    pub large_puts: usize,
    /// Turns of gets of them.
    pub large_gets: usize,
    /// Small puts beside them.
    pub beside_puts: usize,
    /// Serial puts of each size of the sweep.
    pub sized_puts: usize,
    /// Batches of each size of the sweep.
    pub sized_batches: usize,
}

impl Scale {
    /// A look, a few minutes.
    pub const QUICK: Self = Self {
        rows: 100_000,
        get_rounds: 21,
        gets_per_round: 5_000,
        group_rounds: 9,
        puts_per_round_64: 64 * 32,
        puts_per_round_1024: 1024 * 4,
        serial_puts: 200,
        transactions: 9,
        batches: 60,
        deleted_from: 20_000,
        churned_rows: 10_000,
        walks: 21,
        backups: 5,
        large_puts: 15,
        large_gets: 15,
        beside_puts: 48,
        sized_puts: 64,
        sized_batches: 24,
    };

    /// What verdicts are made of.
    pub const FULL: Self = Self {
        rows: 1_000_000,
        get_rounds: 61,
        gets_per_round: 5_000,
        group_rounds: 21,
        puts_per_round_64: 64 * 32,
        puts_per_round_1024: 1024 * 6,
        serial_puts: 1_000,
        transactions: 21,
        batches: 200,
        deleted_from: 100_000,
        churned_rows: 50_000,
        walks: 21,
        backups: 7,
        large_puts: 31,
        large_gets: 41,
        beside_puts: 96,
        sized_puts: 192,
        sized_batches: 64,
    };
}
