//! Reads models of Splink: JSON whose levels are SQL conditions (DuckDB's dialect) over the columns of two records.
//!
//! The conditions are parsed and evaluated, with SQL's three-valued logic; what is not known here is an error.

use std::collections::BTreeMap;

use cdp_matching::similarity::{damerau_levenshtein, jaro_winkler, levenshtein};
use cdp_matching::{Agreement, Comparison, Level, Model, TermFrequency};
use jiff::civil::Date;
use regex::Regex;
use serde_json::Value as Json;
use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value as Literal,
};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

/// A record's columns that are known.
pub(crate) type Row = BTreeMap<String, String>;

/// A model, with how levels are found.
pub(crate) struct Splink {
    pub(crate) model: Model,
    /// For each comparison its levels.
    conditions: Vec<Vec<Condition>>,
    /// The share of records of each value, of columns with a term frequency.
    shares: BTreeMap<String, BTreeMap<String, f64>>,
}

struct Condition {
    /// `None` for ELSE.
    holds: Option<Expr>,
    /// The level's number in the model; 0 for a level that weighs nothing.
    level: usize,
    /// The column whose frequencies count.
    frequency_of: Option<String>,
}

/// A value of SQL.
#[derive(Clone, Debug, PartialEq)]
enum Sql {
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
    Moment(Date),
}

impl Splink {
    pub(crate) fn read(json: &str, rows: &[Row]) -> Self {
        let model: Json = serde_json::from_str(json).unwrap();
        let mut comparisons = Vec::new();
        let mut conditions = Vec::new();
        let mut shares = BTreeMap::new();
        for comparison in model["comparisons"].as_array().unwrap() {
            let all = comparison["comparison_levels"].as_array().unwrap();
            let compared = all
                .iter()
                .filter(|level| level["is_null_level"] != true)
                .count();
            let mut levels = Vec::new();
            let mut of_comparison = Vec::new();
            for level in all {
                let sql = level["sql_condition"].as_str().unwrap();
                let holds = (sql != "ELSE").then(|| {
                    Parser::new(&DuckDbDialect {})
                        .try_with_sql(sql)
                        .unwrap()
                        .parse_expr()
                        .unwrap()
                });
                let frequency_of = level["tf_adjustment_column"].as_str().map(str::to_owned);
                if let Some(column) = &frequency_of {
                    shares
                        .entry(column.clone())
                        .or_insert_with(|| frequencies(rows, column));
                }
                let weighs = level["is_null_level"] != true;
                if weighs {
                    levels.push(weighed(level, compared, levels.len()));
                }
                of_comparison.push(Condition {
                    holds,
                    level: if weighs { levels.len() } else { 0 },
                    frequency_of,
                });
            }
            comparisons.push(Comparison {
                field: comparison["output_column_name"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                levels,
            });
            conditions.push(of_comparison);
        }
        Self {
            model: Model {
                lambda: model["probability_two_random_records_match"]
                    .as_f64()
                    .unwrap(),
                comparisons,
            },
            conditions,
            shares,
        }
    }

    /// How two records agree.
    pub(crate) fn agreements(&self, left: &Row, right: &Row) -> Vec<Agreement> {
        self.conditions
            .iter()
            .map(|levels| self.agreement(levels, left, right))
            .collect()
    }

    fn agreement(&self, levels: &[Condition], left: &Row, right: &Row) -> Agreement {
        let holds = |condition: &&Condition| {
            condition
                .holds
                .as_ref()
                .is_none_or(|expression| evaluate(expression, left, right) == Sql::Truth(true))
        };
        let condition = levels.iter().find(holds).expect("the last level is ELSE");
        let share = condition.frequency_of.as_ref().and_then(|column| {
            let of = |row: &Row| {
                row.get(column)
                    .and_then(|value| self.shares[column].get(value))
                    .copied()
            };
            match (of(left), of(right)) {
                (Some(one), Some(other)) => Some(f64::max(one, other)),
                (one, other) => one.or(other),
            }
        });
        Agreement {
            level: condition.level,
            share,
        }
    }
}

/// A level with its m and u. Where Splink could not learn m it takes a default: 0.95 for the first level, and the rest
/// shared by the others.
#[expect(clippy::cast_precision_loss, reason = "levels are few")]
fn weighed(level: &Json, compared: usize, before: usize) -> Level {
    let presumed = if before == 0 {
        0.95
    } else {
        0.05 / (compared - 1) as f64
    };
    let u = level["u_probability"].as_f64().unwrap();
    Level {
        label: level["label_for_charts"].as_str().unwrap().to_owned(),
        m: level["m_probability"].as_f64().unwrap_or(presumed),
        u,
        term_frequency: level["tf_adjustment_weight"]
            .as_f64()
            .map(|strength| TermFrequency {
                expected: u,
                strength,
            }),
    }
}

#[expect(clippy::cast_precision_loss, reason = "records are few")]
fn frequencies(rows: &[Row], column: &str) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    let known: Vec<&String> = rows.iter().filter_map(|row| row.get(column)).collect();
    for value in &known {
        *counts.entry((*value).clone()).or_default() += 1.0 / known.len() as f64;
    }
    counts
}

fn evaluate(expression: &Expr, left: &Row, right: &Row) -> Sql {
    let of = |expression: &Expr| evaluate(expression, left, right);
    match expression {
        Expr::Nested(inner) => of(inner),
        Expr::Identifier(name) => column(&name.value, left, right),
        Expr::Value(value) => literal(&value.value),
        Expr::IsNull(inner) => Sql::Truth(of(inner) == Sql::Null),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match of(expr) {
            Sql::Number(number) => Sql::Number(-number),
            other => panic!("a minus before {other:?}"),
        },
        Expr::BinaryOp {
            left: one,
            op,
            right: other,
        } => operate(op, &of(one), &of(other)),
        Expr::Function(function) => {
            let FunctionArguments::List(list) = &function.args else {
                panic!("a call without arguments: {function}");
            };
            let arguments: Vec<Sql> = list
                .args
                .iter()
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => of(expression),
                    other => panic!("an argument that is not known here: {other}"),
                })
                .collect();
            call(&function.name.to_string().to_lowercase(), &arguments)
        }
        other => panic!("SQL that is not known here: {other}"),
    }
}

fn column(name: &str, left: &Row, right: &Row) -> Sql {
    let value = match (name.strip_suffix("_l"), name.strip_suffix("_r")) {
        (Some(column), _) => left.get(column),
        (None, Some(column)) => right.get(column),
        (None, None) => panic!("{name} is a column of neither record"),
    };
    value.cloned().map_or(Sql::Null, Sql::Text)
}

fn literal(value: &Literal) -> Sql {
    match value {
        Literal::Number(number, _) => Sql::Number(number.parse().unwrap()),
        Literal::SingleQuotedString(text) => Sql::Text(text.clone()),
        Literal::Null => Sql::Null,
        Literal::Boolean(truth) => Sql::Truth(*truth),
        other => panic!("a literal that is not known here: {other}"),
    }
}

fn operate(op: &BinaryOperator, one: &Sql, other: &Sql) -> Sql {
    match (op, one, other) {
        (BinaryOperator::And, Sql::Truth(false), _)
        | (BinaryOperator::And, _, Sql::Truth(false)) => Sql::Truth(false),
        (BinaryOperator::Or, Sql::Truth(true), _) | (BinaryOperator::Or, _, Sql::Truth(true)) => {
            Sql::Truth(true)
        }
        (_, Sql::Null, _) | (_, _, Sql::Null) => Sql::Null,
        (BinaryOperator::And | BinaryOperator::Or, Sql::Truth(one), Sql::Truth(other)) => {
            Sql::Truth(if *op == BinaryOperator::And {
                *one && *other
            } else {
                *one || *other
            })
        }
        (BinaryOperator::Eq, one, other) => Sql::Truth(one == other),
        (BinaryOperator::GtEq, Sql::Number(one), Sql::Number(other)) => Sql::Truth(one >= other),
        (BinaryOperator::LtEq, Sql::Number(one), Sql::Number(other)) => Sql::Truth(one <= other),
        (BinaryOperator::Minus, Sql::Number(one), Sql::Number(other)) => Sql::Number(one - other),
        _ => panic!("{one:?} {op} {other:?} is not known here"),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "distances and seconds are small"
)]
fn call(name: &str, arguments: &[Sql]) -> Sql {
    match (name, arguments) {
        // An argument that is not known makes the result unknown, NULLIF's second one excepted.
        ("nullif", [value, other]) => {
            if value == other {
                Sql::Null
            } else {
                value.clone()
            }
        }
        (_, arguments) if arguments.contains(&Sql::Null) => Sql::Null,
        ("jaro_winkler_similarity", [Sql::Text(one), Sql::Text(other)]) => {
            Sql::Number(jaro_winkler(one, other))
        }
        ("levenshtein", [Sql::Text(one), Sql::Text(other)]) => {
            Sql::Number(levenshtein(one, other) as f64)
        }
        ("damerau_levenshtein", [Sql::Text(one), Sql::Text(other)]) => {
            Sql::Number(damerau_levenshtein(one, other) as f64)
        }
        ("try_strptime", [Sql::Text(text), Sql::Text(format)]) => {
            Date::strptime(format, text).map_or(Sql::Null, Sql::Moment)
        }
        ("epoch", [Sql::Moment(date)]) => {
            let days = date.since(Date::constant(1970, 1, 1)).unwrap().get_days();
            Sql::Number(f64::from(days) * 86_400.0)
        }
        ("abs", [Sql::Number(number)]) => Sql::Number(number.abs()),
        ("regexp_extract", [Sql::Text(text), Sql::Text(pattern), Sql::Number(0.0)]) => {
            let found = Regex::new(pattern)
                .unwrap()
                .find(text)
                .map_or("", |found| found.as_str());
            Sql::Text(found.to_owned())
        }
        _ => panic!("{name} of {arguments:?} is not known here"),
    }
}
