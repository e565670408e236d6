//! The runtime under Raft: tokio, with a random generator that can be seeded and watch channels that keep their order.
//!
//! openraft draws election timeouts from the runtime's generator. In production each thread is seeded from the operating
//! system. A simulation seeds the one thread it runs on, and with a paused clock the whole cluster becomes deterministic.
//! openraft itself is fit for that (checked in `0.10.0-alpha.37`): its selects are biased, and it iterates over no
//! `HashMap`. Code of this crate keeps to the same: `biased` selects, ordered maps, tokio's clock, [`random_u64`].

mod watch;

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use openraft::OptionalSend;
use openraft::async_runtime::AsyncRuntime;
use openraft::impls::TokioRuntime;

thread_local! {
    static GENERATOR: Cell<u64> = Cell::new(rand::random());
}

/// Seeds the generator of this thread. For simulations, which run a whole cluster on one thread.
pub fn seed_randomness(seed: u64) {
    GENERATOR.set(seed);
}

/// The next number of this thread's generator (SplitMix64, Steele et al. 2014). Not for secrets.
pub fn random_u64() -> u64 {
    let state = GENERATOR.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    GENERATOR.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number in `0..bound`; 0 when the bound is 0.
pub fn random_below(bound: u64) -> u64 {
    random_u64().checked_rem(bound).unwrap_or(0)
}

/// The generator as openraft wants to see it.
pub(crate) struct ThreadRandom;

impl rand_core::TryRng for ThreadRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((random_u64() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(random_u64())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        for chunk in destination.chunks_mut(8) {
            chunk.copy_from_slice(&random_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// tokio, with [`ThreadRandom`] in the place of the operating system's generator.
#[derive(Debug)]
pub(crate) struct RaftRuntime {
    tokio: TokioRuntime,
}

impl AsyncRuntime for RaftRuntime {
    type JoinError = <TokioRuntime as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <TokioRuntime as AsyncRuntime>::Sleep;
    type Instant = <TokioRuntime as AsyncRuntime>::Instant;
    type TimeoutError = <TokioRuntime as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = <TokioRuntime as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = ThreadRandom;
    type Mpsc = <TokioRuntime as AsyncRuntime>::Mpsc;
    type Watch = watch::OrderedWatch;
    type Oneshot = <TokioRuntime as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        TokioRuntime::spawn(future)
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        TokioRuntime::sleep(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        TokioRuntime::sleep_until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(duration: Duration, future: F) -> Self::Timeout<R, F> {
        TokioRuntime::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(deadline: Self::Instant, future: F) -> Self::Timeout<R, F> {
        TokioRuntime::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        TokioRuntime::is_panic(join_error)
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        ThreadRandom
    }

    fn new(threads: usize) -> Self {
        Self { tokio: TokioRuntime::new(threads) }
    }

    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        self.tokio.block_on(future)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_conforms() {
        openraft::testing::runtime::Suite::<RaftRuntime>::test_all();
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            seed_randomness(seed);
            [random_u64(), random_u64(), random_below(10)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(random_below(0), 0);
    }
}
