//! Probabilistic matching of records that share no identifier: which of them are of one person?
//!
//! Records go in, weighed pairs with the reasons of their weights, clusters and a model come out. Nothing here reads a
//! file, a clock or chance: the same records give the same result, in whatever order they come.
//!
//! [`Matching::new`] does all of it: find candidates ([blocking](BlockingRule)), learn a [`Model`] without being told who
//! is who, weigh, and join with care. It [refuses](Refusal) when what it learned cannot be.
//!
//! The model is that of Fellegi and Sunter, "A Theory for Record Linkage" (1969), with Winkler's term frequencies.

mod blocking;
mod chance;
mod cluster;
mod evaluate;
mod headers;
mod household;
mod infer;
mod kind;
mod matching;
mod model;
mod names;
mod nickname;
mod normalise;
mod random;
mod record;
mod review;
pub mod similarity;
mod table;
mod train;
mod weigh;

pub use blocking::BlockingRule;
pub use evaluate::{Quality, Score, quality};
pub use infer::infer;
pub use kind::Kind;
pub use matching::{Matching, Pair, Refusal, Relationship, Settings};
pub use model::{
    Agreement, Bar, Comparison, Level, Model, TermFrequency, Waterfall, probability, weight_of,
};
pub use record::{Column, Record};
pub use review::{LEAST_REVIEWED, Reviewed, Threshold, threshold};
pub use train::{Anchor, Gate, Taught, Veto};
