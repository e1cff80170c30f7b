//! Reading the text form. What is read is the definition's JSON, so that there is one reader of trees.

use serde_json::{Map, Value, json};

use super::place::Places;
use super::token::{self, Token};
use super::{Expr, SIGNS, Text, TextError, place_error};
use crate::window;

/// Parentheses nested deeper than this are refused, so that reading has a bounded stack.
const DEEPEST: usize = 32;

/// What a rule can begin with.
const KINDS: &str = "event, sequence, trait, traits, computed, computed_traits, date, audience, consent, identifier, everybody, nobody, not or a parenthesis";

/// Reads a text piece by piece.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    places: Places,
}

type Read<T> = Result<T, TextError>;

impl<'a> Reader<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            places: Places::default(),
        }
    }

    /// The whole text.
    pub(super) fn definition(mut self) -> Read<Text> {
        let value = self.any()?;
        match self.peek()? {
            Token::End => {}
            _ => return self.fail("a rule ends here: join rules with and, or"),
        }
        let (text, places) = (self.text.to_owned(), self.places);
        match Expr::parse(&value) {
            Ok(rule) => Ok(Text { rule, text, places }),
            Err(error) => Err(place_error(&text, &places, error)),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(TextError::at(self.text, self.at, message.into()))
    }

    /// Notes that what comes next is at a path of the rule that is being read.
    fn note(&mut self, path: &str) {
        self.skip_blanks();
        self.places.note(path, self.at);
    }

    /// Reads what is below a path of the rule that is being read.
    fn below<T>(&mut self, path: &str, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.note(path);
        let from = self.places.len();
        let value = read(self)?;
        self.places.put_below(path, from, self.places.len());
        Ok(value)
    }

    fn peek(&mut self) -> Read<Token> {
        self.skip_blanks();
        match token::next(self.rest()) {
            Some((token, _)) => Ok(token),
            None => {
                self.fail("this cannot be read: texts stand in \"quotes\", and conditions are JSON")
            }
        }
    }

    fn take(&mut self) -> Read<Token> {
        let token = self.peek()?;
        let length = token::next(self.rest()).map_or(0, |(_, length)| length);
        self.at += length;
        Ok(token)
    }

    /// Takes a word or a sign if it comes next.
    fn takes(&mut self, wanted: &str) -> Read<bool> {
        let found = match self.peek()? {
            Token::Word(word) => word == wanted,
            Token::Sign(sign) => sign == wanted,
            Token::Json(_) | Token::End => false,
        };
        if found {
            self.take()?;
        }
        Ok(found)
    }

    fn require(&mut self, wanted: &str) -> Read<()> {
        if self.takes(wanted)? {
            return Ok(());
        }
        self.fail(format!("\"{wanted}\" is expected here"))
    }

    /// A name, with or without quotes.
    fn name(&mut self, what: &str) -> Read<String> {
        match self.peek()? {
            Token::Word(word) => {
                self.take()?;
                Ok(word)
            }
            Token::Json(Value::String(text)) => {
                self.take()?;
                Ok(text)
            }
            Token::Json(_) | Token::Sign(_) | Token::End => {
                self.fail(format!("{what} is expected here"))
            }
        }
    }

    fn any(&mut self) -> Read<Value> {
        self.joined("or", "any", Self::all)
    }

    fn all(&mut self) -> Read<Value> {
        self.joined("and", "all", Self::one)
    }

    fn joined(
        &mut self,
        word: &str,
        kind: &str,
        part: fn(&mut Self) -> Read<Value>,
    ) -> Read<Value> {
        self.skip_blanks();
        let (start, from) = (self.at, self.places.len());
        // A list of one rule is written with the word in front: `(and consent analytics)`.
        if self.takes(word)? {
            let one = self.below(&format!("{kind}[0]"), part)?;
            self.places.note("", start);
            return Ok(json!({kind: [one]}));
        }
        let mut parts = vec![part(self)?];
        let mut ends = vec![from, self.places.len()];
        while self.takes(word)? {
            parts.push(part(self)?);
            ends.push(self.places.len());
        }
        if parts.len() > 1 {
            for (index, stretch) in ends.windows(2).enumerate() {
                if let [from, to] = *stretch {
                    self.places.put_below(&format!("{kind}[{index}]"), from, to);
                }
            }
            self.places.note("", start);
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(one)) => one,
            (_, last) => {
                parts.extend(last);
                json!({kind: parts})
            }
        })
    }

    fn one(&mut self) -> Read<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(format!("rules may be nested {DEEPEST} deep"));
        }
        let read = self.inner();
        self.depth -= 1;
        read
    }

    fn inner(&mut self) -> Read<Value> {
        self.note("");
        if self.takes("not")? {
            return Ok(json!({"not": self.below("not", Self::one)?}));
        }
        if self.takes("(")? {
            let inner = self.any()?;
            self.require(")")?;
            return Ok(inner);
        }
        let start = self.at;
        let Token::Word(word) = self.peek()? else {
            return self.fail(format!("a rule begins with {KINDS}"));
        };
        self.take()?;
        Ok(match word.as_str() {
            "everybody" => json!({"all": []}),
            "nobody" => json!({"any": []}),
            "trait" => json!({"traits": self.below("traits", Self::comparisons)?}),
            "computed" => {
                json!({"computed_traits": self.below("computed_traits", Self::comparisons)?})
            }
            "traits" | "computed_traits" => json!({word.clone(): self.below(&word, Self::json)?}),
            "date" => self.date()?,
            "audience" => json!({"audience": self.name("the id of an audience")?}),
            "identifier" => json!({"identifier": self.name("the kind of an identifier")?}),
            "consent" => self.consent()?,
            "event" => Value::Object(self.event()?),
            "sequence" => self.sequence()?,
            _ => {
                self.at = start;
                return self.fail(format!("a rule begins with {KINDS}"));
            }
        })
    }

    fn json(&mut self) -> Read<Value> {
        match self.take()? {
            Token::Json(value) => Ok(value),
            Token::Word(_) | Token::Sign(_) | Token::End => {
                self.fail("a condition in JSON is expected here, such as {\"plan\": \"pro\"}")
            }
        }
    }

    fn date(&mut self) -> Read<Value> {
        let name = self.name("the name of a trait")?;
        let word = self.name("in_last, in_next, longer_ago, before or after")?;
        let value = self.below(&word, Self::scalar)?;
        let mut rule = Map::from_iter([("date".to_owned(), name.into())]);
        rule.insert(word, value);
        Ok(Value::Object(rule))
    }

    fn consent(&mut self) -> Read<Value> {
        let purpose = self.name("a purpose")?;
        if self.takes("is")? {
            let is = self.below("is", |reader| reader.name("granted, denied or unset"))?;
            return Ok(json!({"consent": purpose, "is": is}));
        }
        Ok(json!({"consent": purpose}))
    }

    /// A value: a word counts as a text.
    fn scalar(&mut self) -> Read<Value> {
        match self.take()? {
            Token::Word(word) => Ok(word.into()),
            Token::Json(value) => Ok(value),
            Token::Sign(_) | Token::End => self.fail("a value is expected here"),
        }
    }

    /// `name >= 3, other = "x"`, or a condition in JSON.
    fn comparisons(&mut self) -> Read<Value> {
        if let Token::Json(Value::Object(condition)) = self.peek()? {
            self.take()?;
            return Ok(Value::Object(condition));
        }
        let mut condition = Map::new();
        loop {
            self.skip_blanks();
            let (start, from) = (self.at, self.places.len());
            let name = self.name("the name of an attribute")?;
            let is = self.operators()?;
            self.places.note("", start);
            self.places.put_below(&name, from, self.places.len());
            if condition.insert(name.clone(), is).is_some() {
                return self.fail(format!(
                    "\"{name}\" is compared twice: write both operators in JSON"
                ));
            }
            if !self.takes(",")? {
                return Ok(Value::Object(condition));
            }
        }
    }

    /// `>= 3`, or operators in JSON.
    fn operators(&mut self) -> Read<Value> {
        match self.take()? {
            Token::Json(value) => Ok(value),
            Token::Sign(sign) => match SIGNS.iter().find(|(known, _)| *known == sign) {
                Some((_, operator)) => Ok(json!({*operator: self.scalar()?})),
                None => self.fail("a comparison is expected here, such as >= 3"),
            },
            Token::Word(_) | Token::End => self.fail("a comparison is expected here, such as >= 3"),
        }
    }

    /// What comes behind `event`: its name, and what its properties have to be.
    fn matching(&mut self) -> Read<Map<String, Value>> {
        let name = self.name("the name of an event")?;
        let mut rule = Map::from_iter([("event".to_owned(), name.into())]);
        if self.takes("where")? {
            let conditions = self.below("where", Self::comparisons)?;
            rule.insert("where".to_owned(), conditions);
        }
        Ok(rule)
    }

    fn event(&mut self) -> Read<Map<String, Value>> {
        let mut rule = self.matching()?;
        loop {
            let Token::Word(word) = self.peek()? else {
                return Ok(rule);
            };
            let value = match word.as_str() {
                "count" => {
                    self.take()?;
                    self.below("count", Self::operators)?
                }
                word if word == "bots" || window::FIELDS.contains(&word) => {
                    self.take()?;
                    self.below(word, Self::scalar)?
                }
                "sum" | "average" | "min" | "max" | "first" | "last" | "most_frequent"
                | "unique_count" => {
                    self.note("aggregate");
                    self.take()?;
                    self.require("of")?;
                    let of = self.below("of", |reader| {
                        reader.name("a path such as properties.total")
                    })?;
                    rule.insert("aggregate".to_owned(), word.into());
                    rule.insert("of".to_owned(), of.into());
                    rule.insert("is".to_owned(), self.below("is", Self::operators)?);
                    continue;
                }
                _ => return Ok(rule),
            };
            if rule.insert(word.clone(), value).is_some() {
                return self.fail(format!("\"{word}\" is there twice"));
            }
        }
    }

    fn sequence(&mut self) -> Read<Value> {
        self.note("sequence");
        self.require("(")?;
        let mut steps = vec![self.below("sequence[0]", Self::step)?];
        while self.takes("then")? {
            let place = format!("sequence[{}]", steps.len());
            steps.push(self.below(&place, Self::step)?);
        }
        self.require(")")?;
        let mut rule = Map::from_iter([("sequence".to_owned(), steps.into())]);
        if self.takes("without")? {
            self.require("(")?;
            let mut without = Vec::new();
            loop {
                let place = format!("without[{}]", without.len());
                let what = self.below(&place, |reader| {
                    reader.require("event")?;
                    reader.matching()
                })?;
                without.push(Value::Object(what));
                if !self.takes(",")? {
                    break;
                }
            }
            self.require(")")?;
            rule.insert("without".to_owned(), without.into());
        }
        if self.takes("within")? {
            let within = self.below("within", Self::scalar)?;
            rule.insert("within".to_owned(), within);
        }
        Ok(Value::Object(rule))
    }

    fn step(&mut self) -> Read<Value> {
        let not = self.takes("not")?;
        let matching = |reader: &mut Self| {
            reader.require("event")?;
            reader.matching()
        };
        let what = if not {
            self.below("not", matching)?
        } else {
            matching(self)?
        };
        let mut step = if not {
            Map::from_iter([("not".to_owned(), Value::Object(what))])
        } else {
            what
        };
        if self.takes("within")? {
            let within = self.below("within", Self::scalar)?;
            step.insert("within".to_owned(), within);
        }
        Ok(Value::Object(step))
    }
}
