//! Random numbers that are the same on every machine for ever: xorshift64*.

pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Zero would stay zero, and small seeds are alike at first.
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to `end`, without it; 0 where there is nothing else.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let random = usize::try_from(self.next() >> 33).unwrap();
        random % end.max(1)
    }

    /// One of these; there must be one.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    /// A range within `length`, empty at times, short most of the time.
    pub(crate) fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let rest = length - start;
        let most = if self.below(4) == 0 { rest } else { rest.min(16) };
        start..start + self.below(most + 1)
    }
}
